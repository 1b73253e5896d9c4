// The block-causal passes of the linear video DiT.
#include <ATen/ATen.h>

#include "core/error.h"
#include "core/shape.h"
#include "model/sana_video.h"

namespace sana::model {
namespace {

void check_state(const CausalState& committed, size_t num_layers, int64_t batch, const Grid& grid,
                 int64_t dim) {
  if (committed.blocks.empty()) return;
  require(committed.blocks.size() == num_layers,
          "sana_video: the committed state has {} transformer blocks, the model has {}",
          committed.blocks.size(), num_layers);
  check_shape("sana_video: tail of the committed state", committed.blocks.front().tail,
              {{"B", batch}, {"D", dim}, {"frames", 1}, {"H'W'", grid.tokens_per_frame()}});
}

}  // namespace

at::Tensor SanaVideoImpl::forward_block(const at::Tensor& latents, const at::Tensor& timestep,
                                        const at::Tensor& text, const at::Tensor& text_mask,
                                        const CausalState& committed) {
  const Pass pass = begin(latents, timestep, text, text_mask, committed.frames);
  const at::Tensor x = run_causal(latents, pass.context, committed, nullptr);
  return output(x, pass.embedding, pass.context.grid);
}

CausalState SanaVideoImpl::block_contribution(const at::Tensor& latents, const at::Tensor& timestep,
                                              const at::Tensor& text, const at::Tensor& text_mask,
                                              const CausalState& committed) {
  at::NoGradGuard no_grad;
  const Pass pass = begin(latents, timestep, text, text_mask, committed.frames);
  CausalState own{std::vector<BlockState>(blocks_.size()), pass.context.grid.frames};
  run_causal(latents, pass.context, committed, &own);
  return own;
}

at::Tensor SanaVideoImpl::run_causal(const at::Tensor& latents, BlockContext context,
                                     const CausalState& committed, CausalState* own) {
  check_state(committed, blocks_.size(), latents.size(0), context.grid, config_.hidden_dim());
  at::Tensor x = patch_embedding_(latents.to(proj_out_->weight.scalar_type()));  // [B, N, D]
  for (size_t i = 0; i < blocks_.size(); ++i) {
    context.committed = committed.blocks.empty() ? BlockState{} : committed.blocks[i];
    context.contribution = own != nullptr ? &own->blocks[i] : nullptr;
    x = run_block(i, x, context);
  }
  return x;
}

}  // namespace sana::model
