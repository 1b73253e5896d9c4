#include "support/tiny_vaes.h"

#include <ATen/ATen.h>

namespace sana_test {

using namespace sana::model;

WanVaeConfig tiny_wan_config() {
  WanVaeConfig config;
  config.base_dim = 4;
  config.latent_channels = 3;
  config.dim_mult = {1, 2, 2, 2};
  config.num_res_blocks = 1;
  config.latents_mean = {0.1, -0.2, 0.3};
  config.latents_std = {0.5, 2.0, 1.5};
  return config;
}

WanVae random_wan_vae() {
  at::NoGradGuard no_grad;
  WanVae vae(tiny_wan_config());
  for (at::Tensor& parameter : vae->parameters()) {
    parameter.add_(at::randn(parameter.sizes()), 0.2);
  }
  return vae;
}

Ltx2VaeConfig tiny_ltx2_config() {
  Ltx2VaeConfig config;
  config.latent_channels = 4;
  config.block_out_channels = {8, 16, 8};
  config.layers_per_block = {1, 0, 1, 0};
  config.downsample_type = {"spatial", "temporal", "spatiotemporal"};
  config.decoder_block_out_channels = {8, 16};
  config.decoder_layers_per_block = {1, 0, 0};
  config.patch_size = 2;
  config.decoder_causal = false;
  return config;
}

Ltx2Vae random_ltx2_vae(const Ltx2VaeConfig& config) {
  at::NoGradGuard no_grad;
  Ltx2Vae vae(config);
  for (at::Tensor& parameter : vae->parameters()) {
    const double fan_in = parameter.dim() == 1 ? 100.0 : double(parameter[0].numel());
    parameter.normal_(0.0, 1.0 / std::sqrt(fan_in));
  }
  for (const auto& buffer : vae->named_buffers()) buffer.value().uniform_(0.5, 1.5);
  return vae;
}

}  // namespace sana_test
