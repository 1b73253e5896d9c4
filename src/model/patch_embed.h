// Latents to tokens and back; the only two places where the layout changes.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "model/rotary_embedding.h"

namespace sana::model {

// Tokens of a latent volume [B, C, T, H, W] for a patch (p_t, p_h, p_w). Throws UserError when a
// size is not a multiple of the patch.
Grid token_grid(const at::Tensor& latents, const std::vector<int64_t>& patch);

// Conv3d with kernel = stride = patch, as one matrix product. A patch of two sizes (rows, columns)
// is the Conv2d of an image model, which sees one frame.
class PatchEmbedImpl : public torch::nn::Module {
 public:
  PatchEmbedImpl(int64_t channels, int64_t dim, std::vector<int64_t> patch);
  // [B, C, T, H, W] -> [B, N, D], tokens in (t, h, w) order
  at::Tensor forward(const at::Tensor& latents);

 private:
  std::vector<int64_t> patch_;
  at::Tensor weight_;  // [D, C, p_t, p_h, p_w], or [D, C, p_h, p_w]
  at::Tensor bias_;    // [D]
};
TORCH_MODULE(PatchEmbed);

// [B, N, p_t*p_h*p_w*C] (channel fastest) -> [B, C, T, H, W]
at::Tensor unpatchify(const at::Tensor& tokens, const Grid& grid,
                      const std::vector<int64_t>& patch);

}  // namespace sana::model
