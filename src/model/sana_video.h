// The linear video DiT: every self-attention is O(N).
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/block_weights.h"
#include "model/caption_projection.h"
#include "model/causal_state.h"
#include "model/linear.h"
#include "model/patch_embed.h"
#include "model/sana_video_config.h"
#include "model/timestep_embedding.h"
#include "model/transformer_block.h"

namespace sana::model {

// Parameter names and shapes are the public (diffusers) ones, so its state dictionary needs no
// translation.
class SanaVideoImpl : public torch::nn::Module, public BlockwiseModule {
 public:
  explicit SanaVideoImpl(const SanaVideoConfig& config);

  // Velocity of the flow.
  //   latents   [B, C, T, H, W]  noisy latents; T, H, W multiples of the patch
  //   timestep  [B], or [B, T/p_t] with one per latent frame; 0..1000 (1000 = noise)
  //   text      [B, L, E]; text_mask [B, L], 1 = real token (undefined: all real)
  // Returns [B, C, T, H, W] in the dtype of the weights. Throws UserError on other shapes.
  at::Tensor forward(const at::Tensor& latents, const at::Tensor& timestep, const at::Tensor& text,
                     const at::Tensor& text_mask = {});

  // The same for some frames of a clip whose others `part.group` has (sequence parallel): S and z
  // are summed over it, the temporal convolution gets a frame from each neighbour, and positions
  // are those in the clip. Shapes as in forward(), T those of this process; at least one token
  // frame each. All members call it, and where gradients are kept, all run the backward pass.
  at::Tensor forward_part(const at::Tensor& latents, const at::Tensor& timestep,
                          const at::Tensor& text, const at::Tensor& text_mask,
                          const FramePart& part);

  // The same for one block of frames of a long video: its tokens see each other and, through
  // `committed`, everything before them; frame positions go on from there and the temporal
  // convolution looks back to the last committed frame. Reads the state only. Shapes as in
  // forward(), batch and frame size those of the state; with nothing committed it is forward().
  at::Tensor forward_block(const at::Tensor& latents, const at::Tensor& timestep,
                           const at::Tensor& text, const at::Tensor& text_mask,
                           const CausalState& committed);

  // What that block of frames adds to the state, for CausalState::commit. Of a block that is done:
  // its clean latents at timestep 0. Without gradients.
  CausalState block_contribution(const at::Tensor& latents, const at::Tensor& timestep,
                                 const at::Tensor& text, const at::Tensor& text_mask,
                                 const CausalState& committed);

  // Recompute each block in the backward pass instead of keeping its activations.
  void set_gradient_checkpointing(bool enabled) { gradient_checkpointing_ = enabled; }

  int64_t num_blocks() const override { return int64_t(blocks_.size()); }
  std::optional<int64_t> block_of(const std::string& parameter) const override;
  void set_block_weights(BlockWeights* weights) override { block_weights_ = weights; }

  // Called with (block index, tokens [B, N, D]) after every block; for verification. Empty: off.
  using BlockObserver = std::function<void(int64_t, const at::Tensor&)>;
  void set_block_observer(BlockObserver observer) { observer_ = std::move(observer); }

  const SanaVideoConfig& config() const { return config_; }
  int64_t num_parameters() const;

 private:
  // What the blocks of one pass share, and the embedding that the output needs.
  struct Pass {
    BlockContext context;
    at::Tensor embedding;  // [B, 1 or T, D]
  };
  // Checks the shapes and embeds timestep, text and positions; frames count from `first_frame`.
  Pass begin(const at::Tensor& latents, const at::Tensor& timestep, const at::Tensor& text,
             const at::Tensor& text_mask, int64_t first_frame);
  // Tokens [B, N, D] after all blocks; each block's contribution goes to `own` unless it is null.
  at::Tensor run_causal(const at::Tensor& latents, BlockContext context,
                        const CausalState& committed, CausalState* own);
  at::Tensor run_block(size_t index, const at::Tensor& x, const BlockContext& context);
  // The block, once its weights are there; `repeats` as in with_block_weights().
  at::Tensor run_with_weights(size_t index, const at::Tensor& x, const BlockContext& context,
                              bool repeats);
  // Final modulated norm, projection, un-patchify.  x [B, N, D], embedding [B, 1 or T, D]
  at::Tensor output(const at::Tensor& x, const at::Tensor& embedding, const Grid& grid);

  SanaVideoConfig config_;
  PatchEmbed patch_embedding_{nullptr};
  TimestepEmbedding time_embed_{nullptr};
  CaptionProjection caption_projection_{nullptr};
  RmsNorm caption_norm_{nullptr};
  std::vector<TransformerBlock> blocks_;
  at::Tensor scale_shift_table_;  // [2, D]
  Linear proj_out_{nullptr};
  RotaryCache rotary_;
  bool gradient_checkpointing_ = false;
  BlockWeights* block_weights_ = nullptr;
  BlockObserver observer_;
};
TORCH_MODULE(SanaVideo);

// Fresh weights for training from scratch: linear layers Xavier-uniform, modulation and output
// layers near zero, the temporal convolutions exactly zero (a new model starts as an image model).
// Draws from `generator` only.
void initialize_weights(SanaVideo& model, at::Generator generator);

}  // namespace sana::model
