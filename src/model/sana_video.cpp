#include "model/sana_video.h"

#include <ATen/ATen.h>

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/shape.h"
#include "model/gradient_checkpoint.h"
#include "model/layers.h"
#include "model/parameter.h"
#include "model/state_dict.h"

namespace sana::model {

SanaVideoImpl::SanaVideoImpl(const SanaVideoConfig& config) : config_(config) {
  const int64_t dim = config.hidden_dim();
  patch_embedding_ = register_module("patch_embedding",
                                     PatchEmbed(config.latent_channels, dim, config.patch_size));
  time_embed_ = register_module("time_embed", TimestepEmbedding(dim));
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
  proj_out_ =
      register_module("proj_out", Linear(dim, config.patch_volume() * config.latent_channels));
}

SanaVideoImpl::Pass SanaVideoImpl::begin(const at::Tensor& latents, const at::Tensor& timestep,
                                         const at::Tensor& text, const at::Tensor& text_mask,
                                         int64_t first_frame) {
  check_shape("sana_video: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"T"}, {"H"}, {"W"}});
  const int64_t batch = latents.size(0);
  check_shape("sana_video: text", text, {{"B", batch}, {"L"}, {"E", config_.text_dim}});
  const Grid grid = token_grid(latents, config_.patch_size);
  require(timestep.size(0) == batch &&
              (timestep.dim() == 1 || (timestep.dim() == 2 && timestep.size(1) == grid.frames)),
          "sana_video: timestep is {}, expected [B={}] or [B={}, T={}]",
          shape_string(timestep.sizes()), batch, batch, grid.frames);

  const auto dtype = proj_out_->weight.scalar_type();
  const TimestepModulation time = time_embed_(timestep);
  BlockContext context;
  context.modulation = time.modulation;
  context.text = caption_norm_(caption_projection_(text.to(dtype)));
  context.text_mask = text_attention_mask("sana_video: text_mask", text_mask, text);
  context.phases = rotary_.phases(grid, config_.head_dim, first_frame, latents.device());
  context.grid = grid;
  return {context, time.embedding};
}

at::Tensor SanaVideoImpl::forward(const at::Tensor& latents, const at::Tensor& timestep,
                                  const at::Tensor& text, const at::Tensor& text_mask) {
  return forward_part(latents, timestep, text, text_mask, /*part=*/{});
}

at::Tensor SanaVideoImpl::forward_part(const at::Tensor& latents, const at::Tensor& timestep,
                                       const at::Tensor& text, const at::Tensor& text_mask,
                                       const FramePart& part) {
  Pass pass = begin(latents, timestep, text, text_mask, part.first_frame);
  pass.context.part = part;
  at::Tensor x = patch_embedding_(latents.to(proj_out_->weight.scalar_type()));  // [B, N, D]
  for (size_t i = 0; i < blocks_.size(); ++i) {
    x = run_block(i, x, pass.context);
    if (observer_) observer_(int64_t(i), x);
  }
  return output(x, pass.embedding, pass.context.grid);
}

at::Tensor SanaVideoImpl::run_block(size_t index, const at::Tensor& x,
                                    const BlockContext& context) {
  if (!gradient_checkpointing_ || !at::GradMode::is_enabled()) {
    return run_with_weights(index, x, context, /*repeats=*/false);
  }
  const auto again = [this, index, shared = BlockContext(context)](const at::Tensor& tokens,
                                                                   const at::Tensor& modulation,
                                                                   const at::Tensor& text) mutable {
    shared.modulation = modulation;
    shared.text = text;
    // Called twice: without gradients in the forward pass, with them in the backward pass.
    return run_with_weights(index, tokens, shared, /*repeats=*/at::GradMode::is_enabled());
  };
  return checkpoint(again, trains(*blocks_[index]), x, context.modulation, context.text);
}

at::Tensor SanaVideoImpl::run_with_weights(size_t index, const at::Tensor& x,
                                           const BlockContext& context, bool repeats) {
  TransformerBlock& block = blocks_[index];
  if (block_weights_ == nullptr) return block(x, context);
  return with_block_weights(*block_weights_, int64_t(index), repeats, x,
                            [&](const at::Tensor& tokens) { return block(tokens, context); });
}

std::optional<int64_t> SanaVideoImpl::block_of(const std::string& parameter) const {
  static const std::string kBlocks = "transformer_blocks.";
  if (parameter.rfind(kBlocks, 0) != 0) return std::nullopt;
  return std::stoll(parameter.substr(kBlocks.size()));
}

at::Tensor SanaVideoImpl::output(const at::Tensor& x, const at::Tensor& embedding,
                                 const Grid& grid) {
  const at::Tensor tokens = output_norm(x, scale_shift_table_, embedding, grid.frames);
  return unpatchify(proj_out_(tokens), grid, config_.patch_size);
}

int64_t SanaVideoImpl::num_parameters() const { return count_parameters(*this); }

void initialize_weights(SanaVideo& model, at::Generator generator) {
  at::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) {
    const std::string& name = item.key();
    at::Tensor& parameter = item.value();
    const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
    if (has("conv_temp") || name.rfind("proj_out.", 0) == 0 || has(".bias")) {
      parameter.zero_();
    } else if (has("scale_shift_table")) {
      parameter.normal_(0.0, 1.0 / std::sqrt(double(parameter.size(-1))), generator);
    } else if (has("norm")) {
      // A small caption norm keeps the text from drowning the tokens at the start.
      parameter.fill_(name == "caption_norm.weight" ? 0.01 : 1.0);
    } else if (has("time_embed")) {
      parameter.normal_(0.0, 0.02, generator);
    } else {
      const double fan_in = double(parameter.numel() / parameter.size(0));
      const double fan_out = double(parameter.size(0));
      const double bound = has("conv_depth") ? 1.0 / 3.0 : std::sqrt(6.0 / (fan_in + fan_out));
      parameter.uniform_(-bound, bound, generator);
    }
  }
}

}  // namespace sana::model
