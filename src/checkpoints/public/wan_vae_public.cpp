#include "checkpoints/public/wan_vae_public.h"

#include "core/config/check.h"
#include "core/json_object.h"

namespace sana::checkpoints {

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

model::WanVaeConfig wan21_vae_public_config() {
  model::WanVaeConfig config;
  config.latents_mean = {-0.7571, -0.7089, -0.9113, 0.1075,  -0.1745, 0.9653,  -0.1517, 1.5508,
                         0.4134,  -0.0715, 0.5517,  -0.3632, -0.1922, -0.9497, 0.2503,  -0.2921};
  config.latents_std = {2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
                        3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160};
  return config;
}

}  // namespace sana::checkpoints
