// The sizes that public checkpoints were trained on, one per aspect ratio, and the way back to the
// size that was asked for.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace sana::infer {

struct AspectRatioBin {
  double ratio = 1.0;  // height / width, as the public tables state it
  int64_t height = 0, width = 0;
};

// Table of the public pipelines for a model whose configuration has this sample_size: videos 30
// (480p) and 22 (720p), images 16 (512), 32 (1024), 64 (2048), 128 (4096). Empty for others.
std::vector<AspectRatioBin> aspect_ratio_bins(bool is_video, int64_t sample_size);

// The bin whose ratio is nearest to height / width, the first at a tie. `bins` is not empty.
const AspectRatioBin& nearest_bin(const std::vector<AspectRatioBin>& bins, int64_t height,
                                  int64_t width);

// Enlarges or shrinks (bilinear) until both sides are covered, then cuts out the middle.
//   video [B, C, F, H, W] -> [B, C, F, height, width]
at::Tensor resize_and_center_crop(const at::Tensor& video, int64_t height, int64_t width);

}  // namespace sana::infer
