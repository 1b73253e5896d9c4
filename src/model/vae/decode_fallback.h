// Decoding that survives a full GPU.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "model/vae/tiling_config.h"
#include "model/vae/video_vae.h"

namespace sana::model {

// decode_tiled(vae, latents, tiling). When the device runs out of memory: frees what LibTorch keeps
// for reuse, halves the tile, says so through `warn`, and tries again, down to the smallest tile
// (the larger of two overlaps and four latents each way). Frames that are independent are halved
// first, since that costs nothing; frames of a window last. Throws EnvironmentError with remedies
// when the smallest tile does not fit either.
at::Tensor decode_with_fallback(VideoVae& vae, const at::Tensor& latents, TilingConfig tiling,
                                const std::function<void(const std::string&)>& warn);

}  // namespace sana::model
