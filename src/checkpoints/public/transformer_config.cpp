#include "checkpoints/public/transformer_config.h"

#include <vector>

#include "checkpoints/public/diffusers_config.h"
#include "core/error.h"
#include "core/json_object.h"

namespace sana::checkpoints {
namespace {

constexpr const char* kVideoClass = "SanaVideoTransformer3DModel";
constexpr const char* kImageClass = "SanaTransformer2DModel";
constexpr const char* kQkNorm = "rms_norm_across_heads";

void read_patch_size(TransformerConfig& config, const JsonObject& keys) {
  if (!config.is_video) {
    const auto size = keys.required<int64_t>("patch_size");
    config.patch_size = {1, size, size};
    return;
  }
  const auto sizes = keys.required<std::vector<int64_t>>("patch_size");
  require(sizes.size() == 3, "{}: patch_size must be three integers", keys.where());
  config.patch_size = {sizes[0], sizes[1], sizes[2]};
}

void read_optional_keys(TransformerConfig& config, const JsonObject& keys) {
  config.has_guidance = keys.value_or("guidance_embeds", false);
  config.has_attention_bias = keys.value_or("attention_bias", false);
  config.sample_size = keys.value_or<int64_t>("sample_size", config.is_video ? 30 : 32);
  // The video class norms unless told not to, the image class does not unless told to.
  config.has_qk_norm = config.is_video;
  if (keys.has("qk_norm")) {
    const auto norm = keys.optional<std::string>("qk_norm");
    require(norm.value_or(kQkNorm) == kQkNorm, "{}: qk_norm is \"{}\", expected null or \"{}\"",
            keys.where(), norm.value_or(""), kQkNorm);
    config.has_qk_norm = norm.has_value();
  }
  config.interpolation_scale = keys.optional<double>("interpolation_scale");
}

// The table of tensors multiplies these.
void check_sizes(const TransformerConfig& config, const std::string& where) {
  constexpr int64_t kMax = 1 << 20;
  for (const auto& [key, size] : {std::pair("in_channels", config.in_channels),
                                  {"out_channels", config.out_channels},
                                  {"num_layers", config.num_layers},
                                  {"num_attention_heads", config.num_heads},
                                  {"num_cross_attention_heads", config.num_cross_heads},
                                  {"attention_head_dim", config.hidden_dim},
                                  {"caption_channels", config.caption_channels},
                                  {"patch_size", config.patch_volume()}}) {
    require(size >= 1 && size <= kMax, "{}: {} is {}, expected 1 to {}", where, key, size, kMax);
  }
  require(config.num_layers <= 1000, "{}: num_layers is {}, expected at most 1000", where,
          config.num_layers);
  require(config.mlp_ratio > 0 && config.mlp_ratio <= 64, "{}: mlp_ratio is {}", where,
          config.mlp_ratio);
}

}  // namespace

const char* transformer_class(const TransformerConfig& config) {
  return config.is_video ? kVideoClass : kImageClass;
}

bool is_transformer_class(const std::string& name) {
  return name == kVideoClass || name == kImageClass;
}

TransformerConfig transformer_config_from_json(const nlohmann::json& json,
                                               const std::string& where) {
  const JsonObject keys(json, where);
  const auto name = keys.required<std::string>("_class_name");
  require(is_transformer_class(name), "{}: _class_name is {}, expected {} or {}", where, name,
          kVideoClass, kImageClass);
  TransformerConfig config;
  config.is_video = name == kVideoClass;
  config.in_channels = keys.required<int64_t>("in_channels");
  config.out_channels = keys.required<int64_t>("out_channels");
  config.num_layers = keys.required<int64_t>("num_layers");
  config.num_heads = keys.required<int64_t>("num_attention_heads");
  config.num_cross_heads = keys.required<int64_t>("num_cross_attention_heads");
  config.caption_channels = keys.required<int64_t>("caption_channels");
  config.mlp_ratio = keys.required<double>("mlp_ratio");
  const auto head_dim = keys.required<int64_t>("attention_head_dim");
  const auto cross_head_dim = keys.required<int64_t>("cross_attention_head_dim");
  require(head_dim >= 1 && head_dim <= 65536 && config.num_heads <= 65536,
          "{}: {} heads of {} channels", where, config.num_heads, head_dim);
  config.hidden_dim = config.num_heads * head_dim;
  read_patch_size(config, keys);
  read_optional_keys(config, keys);
  check_sizes(config, where);
  require(config.hidden_dim % config.num_cross_heads == 0 &&
              cross_head_dim == config.hidden_dim / config.num_cross_heads &&
              keys.required<int64_t>("cross_attention_dim") == config.hidden_dim,
          "{}: the cross-attention must be as wide as the model ({} channels)", where,
          config.hidden_dim);
  return config;
}

nlohmann::json to_json(const TransformerConfig& config) {
  require(config.num_heads > 0,
          "the number of attention heads cannot be read off the tensors of a model of {} channels; "
          "give its configuration: --config FILE (a transformer/config.json)",
          config.hidden_dim);
  nlohmann::json json = {
      {"_class_name", transformer_class(config)},
      {"_diffusers_version", "0.36.0"},  // the first that has both classes
      {"attention_bias", config.has_attention_bias},
      {"attention_head_dim", config.hidden_dim / config.num_heads},
      {"caption_channels", config.caption_channels},
      {"cross_attention_dim", config.hidden_dim},
      {"cross_attention_head_dim", config.hidden_dim / config.num_cross_heads},
      {"dropout", 0.0},
      {"guidance_embeds", config.has_guidance},
      {"guidance_embeds_scale", 0.1},
      {"in_channels", config.in_channels},
      {"interpolation_scale", nullptr},
      {"mlp_ratio", config.mlp_ratio},
      {"norm_elementwise_affine", false},
      {"norm_eps", 1e-6},
      {"num_attention_heads", config.num_heads},
      {"num_cross_attention_heads", config.num_cross_heads},
      {"num_layers", config.num_layers},
      {"out_channels", config.out_channels},
      {"qk_norm", nullptr},
      {"sample_size", config.sample_size},
  };
  if (config.has_qk_norm) json["qk_norm"] = kQkNorm;
  if (config.interpolation_scale) json["interpolation_scale"] = *config.interpolation_scale;
  if (config.is_video) {
    json["patch_size"] = config.patch_size;
    json["rope_max_seq_len"] = 1024;
  } else {
    json["patch_size"] = config.patch_size[1];
    json["timestep_scale"] = 1.0;
  }
  return json;
}

TransformerConfig transformer_config(const model::SanaVideoConfig& ours) {
  TransformerConfig config;
  config.in_channels = config.out_channels = ours.latent_channels;
  config.patch_size = {ours.patch_size[0], ours.patch_size[1], ours.patch_size[2]};
  config.hidden_dim = ours.hidden_dim();
  config.num_layers = ours.num_layers;
  config.num_heads = ours.num_heads;
  config.num_cross_heads = ours.num_cross_heads;
  config.caption_channels = ours.text_dim;
  config.mlp_ratio = ours.mlp_ratio;
  // The public pipeline picks its table of sizes by this: 480p for 30, 720p for 22.
  config.sample_size = config.patch_volume() == 1 ? 22 : 30;
  return config;
}

TransformerConfig transformer_config(const model::SanaImageConfig& ours) {
  TransformerConfig config;
  config.is_video = false;
  config.in_channels = config.out_channels = ours.latent_channels;
  config.patch_size = {1, ours.patch_size, ours.patch_size};
  config.hidden_dim = ours.hidden_dim();
  config.num_layers = ours.num_layers;
  config.num_heads = ours.num_heads;
  config.num_cross_heads = ours.num_cross_heads;
  config.caption_channels = ours.text_dim;
  config.mlp_ratio = ours.mlp_ratio;
  config.has_qk_norm = ours.qk_norm;
  config.has_guidance = ours.guidance_embeds;
  config.sample_size = ours.sample_size;
  config.interpolation_scale = ours.interpolation_scale;
  return config;
}

model::SanaVideoConfig sana_video_config(const TransformerConfig& config,
                                         const std::string& where) {
  require(config.is_video, "{} is a text-to-image model, expected a video model", where);
  require(!config.has_guidance && !config.has_attention_bias,
          "{}: a model with {} is not computed here", where,
          config.has_guidance ? "guidance_embeds" : "attention_bias");
  return sana_video_config_from_diffusers(to_json(config), where);
}

model::SanaImageConfig sana_image_config(const TransformerConfig& config,
                                         const std::string& where) {
  require(!config.is_video, "{} is a video model, expected a text-to-image model", where);
  return sana_image_config_from_diffusers(to_json(config), where);
}

}  // namespace sana::checkpoints
