#include "checkpoints/public/diffusers_config.h"

#include "core/config/check.h"
#include "core/error.h"
#include "core/json_value.h"

namespace sana::checkpoints {

model::SanaVideoConfig sana_video_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where) {
  model::SanaVideoConfig config;
  config.latent_channels = value_of<int64_t>(json, "in_channels", where);
  config.num_heads = value_of<int64_t>(json, "num_attention_heads", where);
  config.head_dim = value_of<int64_t>(json, "attention_head_dim", where);
  config.num_layers = value_of<int64_t>(json, "num_layers", where);
  config.num_cross_heads = value_of<int64_t>(json, "num_cross_attention_heads", where);
  config.text_dim = value_of<int64_t>(json, "caption_channels", where);
  config.mlp_ratio = value_of<double>(json, "mlp_ratio", where);
  config.patch_size = value_of<std::vector<int64_t>>(json, "patch_size", where);
  config::check(config, where);
  const int64_t cross =
      config.num_cross_heads * value_of<int64_t>(json, "cross_attention_head_dim", where);
  require(cross == config.hidden_dim() &&
              value_of<int64_t>(json, "cross_attention_dim", where) == cross,
          "{}: cross-attention of width {} is not supported, expected {} (the model's own)", where,
          cross, config.hidden_dim());
  require(value_of<int64_t>(json, "out_channels", where) == config.latent_channels,
          "{}: out_channels differs from in_channels ({})", where, config.latent_channels);
  const auto qk_norm = value_of<std::string>(json, "qk_norm", where);
  require(qk_norm == "rms_norm_across_heads",
          "{}: qk_norm is '{}', only rms_norm_across_heads is computed here", where, qk_norm);
  return config;
}

model::WanVaeConfig wan_vae_config_from_diffusers(const nlohmann::json& json,
                                                  const std::string& where) {
  model::WanVaeConfig config;
  config.base_dim = value_of<int64_t>(json, "base_dim", where);
  config.latent_channels = value_of<int64_t>(json, "z_dim", where);
  config.dim_mult = value_of<std::vector<int64_t>>(json, "dim_mult", where);
  config.num_res_blocks = value_of<int64_t>(json, "num_res_blocks", where);
  // The public key is spelled this way.
  config.temporal_downsample = value_of<std::vector<bool>>(json, "temperal_downsample", where);
  config.latents_mean = value_of<std::vector<double>>(json, "latents_mean", where);
  config.latents_std = value_of<std::vector<double>>(json, "latents_std", where);
  config::check(config, where);
  return config;
}

}  // namespace sana::checkpoints
