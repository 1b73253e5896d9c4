// How sharp a picture is: contrast of fine detail at a common size, and blur at full size.
#pragma once
#include <opencv2/core.hpp>

namespace sana::filter {

struct Sharpness {
  // Variance of the Laplacian (4 neighbours) of the picture shrunk to about kSmallArea, in squared
  // grey levels; 0 for a flat picture. Comparable between file sizes; grows with contrast.
  double laplacian = 0;
  // 0 sharp .. 1 blurred, at full size and whatever the contrast: also high for a picture that was
  // enlarged. 1 for a picture without an edge.
  double blur = 1;
};

// luma: [H, W] uint8, 0..255. The blur is that of F. Crete, T. Dolmiere, P. Ladret, M. Nicolas,
// "The blur effect: perception and estimation with a new no-reference perceptual blur metric", SPIE
// 2007, over the pixels near an edge only, so that noise does not count as sharpness.
Sharpness measure_sharpness(const cv::Mat& luma);

}  // namespace sana::filter
