#include "model/patch_embed.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/error.h"
#include "core/shape.h"
#include "model/parameter.h"

namespace sana::model {

Grid token_grid(const at::Tensor& latents, const std::vector<int64_t>& patch) {
  for (int axis = 0; axis < 3; ++axis) {
    require(latents.size(2 + axis) % patch[axis] == 0,
            "latents are {} [B, C, T, H, W], but axis {} must be a multiple of the patch {}",
            shape_string(latents.sizes()), "THW"[axis], patch[axis]);
  }
  return {latents.size(2) / patch[0], latents.size(3) / patch[1], latents.size(4) / patch[2]};
}

PatchEmbedImpl::PatchEmbedImpl(int64_t channels, int64_t dim, std::vector<int64_t> patch)
    : patch_(std::move(patch)) {
  std::vector<int64_t> shape = {dim, channels};
  shape.insert(shape.end(), patch_.begin(), patch_.end());
  int64_t fan_in = channels;
  for (const int64_t size : patch_) fan_in *= size;
  weight_ =
      register_parameter("weight", new_parameter(shape, uniform(1.0 / std::sqrt(double(fan_in)))));
  bias_ = register_parameter("bias", new_parameter({dim}, zeros()));
  if (patch_.size() == 2) patch_.insert(patch_.begin(), 1);
}

at::Tensor PatchEmbedImpl::forward(const at::Tensor& latents) {
  const Grid grid = token_grid(latents, patch_);
  const at::Tensor patches =
      latents
          .reshape({latents.size(0), latents.size(1), grid.frames, patch_[0], grid.rows, patch_[1],
                    grid.columns, patch_[2]})
          .permute({0, 2, 4, 6, 1, 3, 5, 7})  // [B, T', H', W', C, p_t, p_h, p_w]
          .reshape({latents.size(0), grid.tokens(), weight_.numel() / weight_.size(0)});
  return at::linear(patches, weight_.flatten(1), bias_);
}

at::Tensor unpatchify(const at::Tensor& tokens, const Grid& grid,
                      const std::vector<int64_t>& patch) {
  const int64_t batch = tokens.size(0);
  const int64_t channels = tokens.size(2) / (patch[0] * patch[1] * patch[2]);
  return tokens
      .reshape(
          {batch, grid.frames, grid.rows, grid.columns, patch[0], patch[1], patch[2], channels})
      .permute({0, 7, 1, 4, 2, 5, 3, 6})  // [B, C, T', p_t, H', p_h, W', p_w]
      .reshape(
          {batch, channels, grid.frames * patch[0], grid.rows * patch[1], grid.columns * patch[2]});
}

}  // namespace sana::model
