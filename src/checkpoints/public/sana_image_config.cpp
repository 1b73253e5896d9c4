#include "checkpoints/public/sana_image_config.h"

#include "core/config/check.h"
#include "core/error.h"
#include "core/json_value.h"

namespace sana::checkpoints {
namespace {

// Null and a missing key are one.
template <class T>
std::optional<T> optional_value(const nlohmann::json& json, const char* key,
                                const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::nullopt;
  return value_of<T>(json, key, where);
}

bool has_qk_norm(const nlohmann::json& json, const std::string& where) {
  const auto norm = optional_value<std::string>(json, "qk_norm", where);
  require(!norm || *norm == "rms_norm_across_heads",
          "{}: qk_norm is '{}', expected null or rms_norm_across_heads", where, norm.value_or(""));
  return norm.has_value();
}

// Variants of the public class that no public checkpoint uses.
void check_fixed_keys(const nlohmann::json& json, const model::SanaImageConfig& config,
                      const std::string& where) {
  const int64_t dim = config.hidden_dim();
  const auto cross_head_dim = value_of<int64_t>(json, "cross_attention_head_dim", where);
  require(cross_head_dim == dim / config.num_cross_heads &&
              value_of<int64_t>(json, "cross_attention_dim", where) == dim,
          "{}: the cross-attention must be as wide as the model ({} channels)", where, dim);
  require(optional_value<int64_t>(json, "out_channels", where).value_or(config.latent_channels) ==
              config.latent_channels,
          "{}: out_channels differs from in_channels ({})", where, config.latent_channels);
  for (const char* key : {"attention_bias", "norm_elementwise_affine"}) {
    require(!optional_value<bool>(json, key, where).value_or(false),
            "{}: {} is true, only false is computed here", where, key);
  }
  require(optional_value<double>(json, "norm_eps", where).value_or(1e-6) == 1e-6,
          "{}: norm_eps is {}, only 1e-6 is computed here", where, json.value("norm_eps", 0.0));
}

}  // namespace

model::SanaImageConfig sana_image_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where) {
  model::SanaImageConfig config;
  config.latent_channels = value_of<int64_t>(json, "in_channels", where);
  config.patch_size = value_of<int64_t>(json, "patch_size", where);
  config.num_layers = value_of<int64_t>(json, "num_layers", where);
  config.num_heads = value_of<int64_t>(json, "num_attention_heads", where);
  config.head_dim = value_of<int64_t>(json, "attention_head_dim", where);
  config.num_cross_heads = value_of<int64_t>(json, "num_cross_attention_heads", where);
  config.text_dim = value_of<int64_t>(json, "caption_channels", where);
  config.mlp_ratio = value_of<double>(json, "mlp_ratio", where);
  config.qk_norm = has_qk_norm(json, where);
  config.guidance_embeds = optional_value<bool>(json, "guidance_embeds", where).value_or(false);
  config.sample_size = value_of<int64_t>(json, "sample_size", where);
  config.interpolation_scale = optional_value<double>(json, "interpolation_scale", where);
  config::check(config, where);
  check_fixed_keys(json, config, where);
  return config;
}

}  // namespace sana::checkpoints
