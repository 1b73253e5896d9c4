#include "model/sana_image.h"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include <cmath>
#include <memory>

#include "core/error.h"
#include "core/shape.h"
#include "model/layers.h"
#include "model/parameter.h"
#include "model/sincos_position.h"
#include "model/state_dict.h"

namespace sana::model {

SanaImageImpl::SanaImageImpl(const SanaImageConfig& config)
    : config_(config), patch_{1, config.patch_size, config.patch_size} {
  const int64_t dim = config.hidden_dim(), patch = config.patch_size;
  auto embed = register_module("patch_embed", std::make_shared<torch::nn::Module>("patch_embed"));
  patch_projection_ = embed->register_module(
      "proj", PatchEmbed(config.latent_channels, dim, std::vector<int64_t>{patch, patch}));
  if (config.guidance_embeds) {
    guided_time_embed_ = register_module("time_embed", GuidedTimestepEmbedding(dim));
  } else {
    time_embed_ = register_module("time_embed", TimestepEmbedding(dim));
  }
  caption_projection_ =
      register_module("caption_projection", CaptionProjection(config.text_dim, dim));
  caption_norm_ = register_module("caption_norm", RmsNorm(dim, 1e-5));
  auto list = register_module("transformer_blocks", torch::nn::ModuleList());
  for (int64_t i = 0; i < config.num_layers; ++i) {
    blocks_.emplace_back(config);
    list->push_back(blocks_.back());
  }
  scale_shift_table_ = register_parameter(
      "scale_shift_table", new_parameter({2, dim}, normal(1.0 / std::sqrt(double(dim)))));
  proj_out_ = register_module("proj_out", Linear(dim, patch * patch * config.latent_channels));
}

at::Tensor SanaImageImpl::forward(const at::Tensor& latents, const at::Tensor& timestep,
                                  const at::Tensor& text, const at::Tensor& text_mask,
                                  const at::Tensor& guidance) {
  check_shape("sana_image: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"H"}, {"W"}});
  const int64_t batch = latents.size(0);
  check_shape("sana_image: text", text, {{"B", batch}, {"L"}, {"E", config_.text_dim}});
  check_shape("sana_image: timestep", timestep, {{"B", batch}});
  const at::Tensor one_frame = latents.unsqueeze(2);  // [B, C, 1, H, W]
  const Grid grid = token_grid(one_frame, patch_);

  const TimestepModulation time = embed_time(timestep, guidance);
  ImageBlockContext context;
  context.modulation = time.modulation;
  context.text = caption_norm_(caption_projection_(text.to(proj_out_->weight.scalar_type())));
  context.text_mask = text_attention_mask("sana_image: text_mask", text_mask, text);
  context.grid = grid;

  at::Tensor x = embed_patches(one_frame, grid);
  for (ImageBlock& block : blocks_) x = block(x, context);
  x = proj_out_(output_norm(x, scale_shift_table_, time.embedding, grid.frames));
  return unpatchify(x, grid, patch_).squeeze(2);
}

TimestepModulation SanaImageImpl::embed_time(const at::Tensor& timestep,
                                             const at::Tensor& guidance) {
  require(guidance.defined() == config_.guidance_embeds, "sana_image: {}",
          config_.guidance_embeds
              ? "this model needs the guidance scale as an input (guidance_embeds)"
              : "this model takes no guidance scale as an input (no guidance_embeds)");
  if (!config_.guidance_embeds) return time_embed_(timestep);
  check_shape("sana_image: guidance", guidance, {{"B", timestep.size(0)}});
  return guided_time_embed_(timestep, guidance);
}

at::Tensor SanaImageImpl::embed_patches(const at::Tensor& latents, const Grid& grid) {
  const at::Tensor x = patch_projection_(latents.to(proj_out_->weight.scalar_type()));
  if (!config_.interpolation_scale) return x;
  const int64_t base_size = config_.sample_size / config_.patch_size;
  const at::Tensor positions = sincos_positions(grid, config_.hidden_dim(), base_size,
                                                *config_.interpolation_scale, latents.device());
  return (x + positions).to(x.scalar_type());
}

int64_t SanaImageImpl::num_parameters() const { return count_parameters(*this); }

}  // namespace sana::model
