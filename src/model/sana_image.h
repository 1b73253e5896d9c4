// The text-to-image SANA: the linear DiT of one frame. Video training starts from its weights.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "model/caption_projection.h"
#include "model/image_block.h"
#include "model/linear.h"
#include "model/patch_embed.h"
#include "model/sana_image_config.h"
#include "model/timestep_embedding.h"

namespace sana::model {

// Parameter names and shapes are the public (diffusers) ones of SANA 1.0, 1.5 and Sprint.
class SanaImageImpl : public torch::nn::Module {
 public:
  explicit SanaImageImpl(const SanaImageConfig& config);

  // What the network predicts: the velocity of the flow (Sprint: of its trigonometric flow).
  //   latents   [B, C, H, W]; H, W multiples of the patch
  //   timestep  [B], 0..1000 (1000 = noise)
  //   text      [B, L, E]; text_mask [B, L], 1 = real token (undefined: all real)
  //   guidance  [B], the guidance scale as the model was trained on it; defined exactly when the
  //             model has guidance_embeds
  // Returns [B, C, H, W] in the dtype of the weights. Throws UserError on other shapes.
  at::Tensor forward(const at::Tensor& latents, const at::Tensor& timestep, const at::Tensor& text,
                     const at::Tensor& text_mask = {}, const at::Tensor& guidance = {});

  const SanaImageConfig& config() const { return config_; }
  int64_t num_parameters() const;

 private:
  TimestepModulation embed_time(const at::Tensor& timestep, const at::Tensor& guidance);
  // latents [B, C, 1, H, W] -> tokens with their positions [B, N, D]
  at::Tensor embed_patches(const at::Tensor& latents, const Grid& grid);

  SanaImageConfig config_;
  std::vector<int64_t> patch_;             // 1, p, p
  PatchEmbed patch_projection_{nullptr};   // "patch_embed.proj"
  TimestepEmbedding time_embed_{nullptr};  // this or the next, under one name
  GuidedTimestepEmbedding guided_time_embed_{nullptr};
  CaptionProjection caption_projection_{nullptr};
  RmsNorm caption_norm_{nullptr};
  std::vector<ImageBlock> blocks_;
  at::Tensor scale_shift_table_;  // [2, D]
  Linear proj_out_{nullptr};
};
TORCH_MODULE(SanaImage);

}  // namespace sana::model
