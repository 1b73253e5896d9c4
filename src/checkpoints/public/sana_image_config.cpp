#include "checkpoints/public/sana_image_config.h"

#include "core/config/check.h"
#include "core/error.h"
#include "core/json_object.h"

namespace sana::checkpoints {
namespace {

bool has_qk_norm(const JsonObject& keys) {
  const auto norm = keys.optional<std::string>("qk_norm");
  require(!norm || *norm == "rms_norm_across_heads",
          "{}: qk_norm is '{}', expected null or rms_norm_across_heads", keys.where(),
          norm.value_or(""));
  return norm.has_value();
}

// Variants of the public class that no public checkpoint uses.
void check_fixed_keys(const JsonObject& keys, const model::SanaImageConfig& config) {
  const std::string& where = keys.where();
  const int64_t dim = config.hidden_dim();
  const auto cross_head_dim = keys.required<int64_t>("cross_attention_head_dim");
  require(cross_head_dim == dim / config.num_cross_heads &&
              keys.required<int64_t>("cross_attention_dim") == dim,
          "{}: the cross-attention must be as wide as the model ({} channels)", where, dim);
  require(keys.optional<int64_t>("out_channels").value_or(config.latent_channels) ==
              config.latent_channels,
          "{}: out_channels differs from in_channels ({})", where, config.latent_channels);
  keys.require_only("attention_bias", false);
  keys.require_only("norm_elementwise_affine", false);
  keys.require_only("norm_eps", 1e-6);
}

}  // namespace

model::SanaImageConfig sana_image_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where) {
  const JsonObject keys(json, where);
  model::SanaImageConfig config;
  config.latent_channels = keys.required<int64_t>("in_channels");
  config.patch_size = keys.required<int64_t>("patch_size");
  config.num_layers = keys.required<int64_t>("num_layers");
  config.num_heads = keys.required<int64_t>("num_attention_heads");
  config.head_dim = keys.required<int64_t>("attention_head_dim");
  config.num_cross_heads = keys.required<int64_t>("num_cross_attention_heads");
  config.text_dim = keys.required<int64_t>("caption_channels");
  config.mlp_ratio = keys.required<double>("mlp_ratio");
  config.qk_norm = has_qk_norm(keys);
  config.guidance_embeds = keys.optional<bool>("guidance_embeds").value_or(false);
  config.sample_size = keys.required<int64_t>("sample_size");
  config.interpolation_scale = keys.optional<double>("interpolation_scale");
  config::check(config, where);
  check_fixed_keys(keys, config);
  return config;
}

}  // namespace sana::checkpoints
