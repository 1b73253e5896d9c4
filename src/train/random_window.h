// Random crops of clips.
#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "train/trainer_config.h"

namespace sana::train {

// One window per sample, each at its own place, mirrored left to right for half of them if asked.
//   pixels [B, 3, F, H, W] -> [B, 3, min(f, F), min(h, H), min(w, W)]
at::Tensor random_windows(const at::Tensor& pixels, const CropConfig& crop,
                          at::Generator generator);

}  // namespace sana::train
