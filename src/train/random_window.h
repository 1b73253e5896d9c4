// Random crops of clips.
#pragma once
#include <ATen/core/Tensor.h>

#include "core/counter_random.h"
#include "train/trainer_config.h"

namespace sana::train {

// One window per sample, each at its own place, mirrored left to right for half of them if asked.
// `first_sample`: place of the first one in the global batch.
//   pixels [B, 3, F, H, W] -> [B, 3, min(f, F), min(h, H), min(w, W)]
at::Tensor random_windows(const at::Tensor& pixels, const CropConfig& crop, int64_t first_sample,
                          const RandomStream& stream);

}  // namespace sana::train
