// Fingerprints of pictures that survive new encoding, scaling and changes of brightness.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>

#include "filter/record/shot_hash.h"

namespace sana::filter {

// Hash by the discrete cosine transform (Zauner 2010, "pHash"): of the picture shrunk to 32x32, the
// bit of each of the 64 lowest frequencies (not the mean) is whether it exceeds their median.
// Unlike a hash of the differences of neighbours it looks at large structures, so that noise and
// edges do not matter, and the median makes it independent of brightness and contrast. grey: [H, W]
// uint8.
uint64_t perceptual_hash(const cv::Mat& grey);

}  // namespace sana::filter
