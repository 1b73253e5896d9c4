#include "checkpoints/public/diffusers_config.h"

#include "core/config/check.h"
#include "core/error.h"
#include "core/json_object.h"

namespace sana::checkpoints {

model::SanaVideoConfig sana_video_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where) {
  const JsonObject keys(json, where);
  model::SanaVideoConfig config;
  config.latent_channels = keys.required<int64_t>("in_channels");
  config.num_heads = keys.required<int64_t>("num_attention_heads");
  config.head_dim = keys.required<int64_t>("attention_head_dim");
  config.num_layers = keys.required<int64_t>("num_layers");
  config.num_cross_heads = keys.required<int64_t>("num_cross_attention_heads");
  config.text_dim = keys.required<int64_t>("caption_channels");
  config.mlp_ratio = keys.required<double>("mlp_ratio");
  config.patch_size = keys.required<std::vector<int64_t>>("patch_size");
  config::check(config, where);
  const int64_t cross = config.num_cross_heads * keys.required<int64_t>("cross_attention_head_dim");
  require(cross == config.hidden_dim() && keys.required<int64_t>("cross_attention_dim") == cross,
          "{}: cross-attention of width {} is not supported, expected {} (the model's own)", where,
          cross, config.hidden_dim());
  require(keys.required<int64_t>("out_channels") == config.latent_channels,
          "{}: out_channels differs from in_channels ({})", where, config.latent_channels);
  const auto qk_norm = keys.required<std::string>("qk_norm");
  require(qk_norm == "rms_norm_across_heads",
          "{}: qk_norm is '{}', only rms_norm_across_heads is computed here", where, qk_norm);
  return config;
}

model::WanVaeConfig wan_vae_config_from_diffusers(const nlohmann::json& json,
                                                  const std::string& where) {
  const JsonObject keys(json, where);
  model::WanVaeConfig config;
  config.base_dim = keys.required<int64_t>("base_dim");
  config.latent_channels = keys.required<int64_t>("z_dim");
  config.dim_mult = keys.required<std::vector<int64_t>>("dim_mult");
  config.num_res_blocks = keys.required<int64_t>("num_res_blocks");
  // The public key is spelled this way.
  config.temporal_downsample = keys.required<std::vector<bool>>("temperal_downsample");
  config.latents_mean = keys.required<std::vector<double>>("latents_mean");
  config.latents_std = keys.required<std::vector<double>>("latents_std");
  config::check(config, where);
  return config;
}

}  // namespace sana::checkpoints
