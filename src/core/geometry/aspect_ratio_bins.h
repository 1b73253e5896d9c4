// The sizes that public checkpoints were trained on, one per aspect ratio.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/geometry/clip_size.h"

namespace sana {

struct AspectRatioBin {
  double ratio = 1.0;  // height / width, as the public tables state it
  ClipSize size;       // without frames
};

// Table of the public pipelines for a model whose configuration has this sample_size: videos 30
// (480p) and 22 (720p), images 16 (512), 32 (1024), 64 (2048), 128 (4096). Empty for others.
std::vector<AspectRatioBin> aspect_ratio_bins(bool is_video, int64_t sample_size);

// Table of a training stage: "256p" (the generic table of images, whose sizes the 256p stage of the
// public trainer takes), "480p" or "720p" (multiples of 32). Empty for others.
std::vector<AspectRatioBin> stage_bins(const std::string& stage);

// The bin whose ratio is nearest to height / width, the first at a tie. `bins` is not empty.
const AspectRatioBin& nearest_bin(const std::vector<AspectRatioBin>& bins, double height,
                                  double width);

}  // namespace sana
