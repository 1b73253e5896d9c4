// Configurations and random weights of deep-compression autoencoders for tests.
#pragma once
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "checkpoints/public/dc_ae_public.h"
#include "model/state_dict.h"
#include "model/vae/dc_ae.h"

namespace sana_test {

// vae/config.json of the public text-to-image checkpoint.
inline nlohmann::json public_dc_ae_json() {
  return nlohmann::json::parse(R"({
    "_class_name": "AutoencoderDC", "_diffusers_version": "0.32.0.dev0",
    "in_channels": 3, "latent_channels": 32, "attention_head_dim": 32,
    "encoder_block_types": ["ResBlock", "ResBlock", "ResBlock",
                            "EfficientViTBlock", "EfficientViTBlock", "EfficientViTBlock"],
    "decoder_block_types": ["ResBlock", "ResBlock", "ResBlock",
                            "EfficientViTBlock", "EfficientViTBlock", "EfficientViTBlock"],
    "encoder_block_out_channels": [128, 256, 512, 512, 1024, 1024],
    "decoder_block_out_channels": [128, 256, 512, 512, 1024, 1024],
    "encoder_layers_per_block": [2, 2, 2, 3, 3, 3],
    "decoder_layers_per_block": [3, 3, 3, 3, 3, 3],
    "encoder_qkv_multiscales": [[], [], [], [5], [5], [5]],
    "decoder_qkv_multiscales": [[], [], [], [5], [5], [5]],
    "downsample_block_type": "Conv", "upsample_block_type": "interpolate",
    "decoder_norm_types": "rms_norm", "decoder_act_fns": "silu", "scaling_factor": 0.41407})");
}

inline sana::model::DcAeConfig public_dc_ae_config() {
  return sana::checkpoints::dc_ae_config_from_diffusers(public_dc_ae_json(), "config.json");
}

// Random tensors for every name of a module.
inline sana::TensorMap random_weights(const torch::nn::Module& module) {
  sana::TensorMap weights;
  for (const auto& [name, tensor] : sana::model::state_dict(module)) {
    if (!tensor.is_floating_point()) {
      weights[name] = at::zeros_like(tensor);
    } else if (name.find("running_var") != std::string::npos) {
      weights[name] = at::rand(tensor.sizes()) + 0.5;
    } else {
      weights[name] = at::randn(tensor.sizes()) * 0.2;
    }
  }
  return weights;
}

// 2 x 2 compression to 4 channels.
inline nlohmann::json tiny_dc_ae_json() {
  return {{"latent_channels", 4},
          {"attention_head_dim", 4},
          {"encoder_block_types", {"ResBlock", "EfficientViTBlock"}},
          {"decoder_block_types", {"ResBlock", "EfficientViTBlock"}},
          {"encoder_block_out_channels", {8, 8}},
          {"decoder_block_out_channels", {8, 8}},
          {"encoder_layers_per_block", {1, 1}},
          {"decoder_layers_per_block", {1, 1}},
          {"encoder_qkv_multiscales", {nlohmann::json::array(), nlohmann::json::array({3, 5})}},
          {"decoder_qkv_multiscales", {nlohmann::json::array(), nlohmann::json::array({5})}},
          {"decoder_norm_types", {"batch_norm", "rms_norm"}},
          {"decoder_act_fns", {"relu", "SiLU"}},
          {"scaling_factor", 0.5}};
}

inline sana::model::DcAe random_dc_ae(const nlohmann::json& object) {
  const auto config = sana::checkpoints::dc_ae_config_from_diffusers(object, "config.json");
  return sana::model::build_dc_ae(config, random_weights(*sana::model::DcAe(config)), "test");
}

}  // namespace sana_test
