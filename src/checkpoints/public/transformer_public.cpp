#include "checkpoints/public/transformer_public.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/config/check.h"
#include "core/error.h"
#include "core/json_object.h"

namespace sana::checkpoints {
namespace {

using model::SanaImageConfig;
using model::SanaVideoConfig;

constexpr const char* kVideoClass = "SanaVideoTransformer3DModel";
constexpr const char* kImageClass = "SanaTransformer2DModel";
constexpr const char* kQkNorm = "rms_norm_across_heads";

// The table of tensors multiplies these.
constexpr int64_t kMaxSize = 1 << 16, kMaxHeads = 1 << 16, kMaxLayers = 1000, kMaxPatch = 64;
constexpr int64_t kMaxSampleSize = 4096;  // latent rows
constexpr double kMaxMlpRatio = 64.0;

void check_widths(const JsonObject& keys, int64_t dim, int64_t num_cross_heads) {
  require(dim <= kMaxSize,
          "{}: {} channels (num_attention_heads * attention_head_dim) are above {}", keys.where(),
          dim, kMaxSize);
  require(dim % num_cross_heads == 0 &&
              keys.required<int64_t>("cross_attention_head_dim") == dim / num_cross_heads &&
              keys.required<int64_t>("cross_attention_dim") == dim,
          "{}: the cross-attention must be as wide as the model ({} channels)", keys.where(), dim);
}

// What both classes name alike.
template <class Config>
void read_sizes(const JsonObject& keys, Config& config) {
  config.latent_channels = keys.integer("in_channels", {1, kMaxSize});
  config.num_layers = keys.integer("num_layers", {1, kMaxLayers});
  config.num_heads = keys.integer("num_attention_heads", {1, kMaxHeads});
  config.head_dim = keys.integer("attention_head_dim", {1, kMaxHeads});
  config.num_cross_heads = keys.integer("num_cross_attention_heads", {1, kMaxHeads});
  config.text_dim = keys.integer("caption_channels", {1, kMaxSize});
  config.mlp_ratio = keys.positive("mlp_ratio");
  if (config.mlp_ratio > kMaxMlpRatio) {
    keys.refuse("mlp_ratio", fmt::format("at most {}", kMaxMlpRatio));
  }
  check_widths(keys, config.hidden_dim(), config.num_cross_heads);
}

NotComputed read_not_computed(const JsonObject& keys, int64_t latent_channels) {
  NotComputed result;
  result.attention_bias = keys.optional<bool>("attention_bias").value_or(false);
  result.norm_elementwise_affine = keys.optional<bool>("norm_elementwise_affine").value_or(false);
  result.norm_eps = keys.optional<double>("norm_eps").value_or(result.norm_eps);
  if (keys.is_null("out_channels")) return result;
  const int64_t out_channels = keys.integer("out_channels", {1, kMaxSize});
  if (out_channels != latent_channels) result.out_channels = out_channels;
  return result;
}

bool reads_qk_norm(const JsonObject& keys, bool when_absent) {
  if (!keys.has("qk_norm")) return when_absent;
  const auto norm = keys.optional<std::string>("qk_norm");
  if (norm.value_or(kQkNorm) != kQkNorm) {
    keys.refuse("qk_norm", fmt::format("null or \"{}\"", kQkNorm));
  }
  return norm.has_value();
}

// The video class norms unless told not to, the image class does not unless told to.
TransformerConfig read_video(const JsonObject& keys) {
  SanaVideoConfig config;
  read_sizes(keys, config);
  config.patch_size = keys.required<std::vector<int64_t>>("patch_size");
  const bool fits = std::all_of(config.patch_size.begin(), config.patch_size.end(),
                                [](int64_t size) { return size >= 1 && size <= kMaxPatch; });
  if (config.patch_size.size() != 3 || !fits) {
    keys.refuse("patch_size", fmt::format("three integers from 1 to {}", kMaxPatch));
  }
  NotComputed not_computed = read_not_computed(keys, config.latent_channels);
  not_computed.video_guidance_embeds = keys.optional<bool>("guidance_embeds").value_or(false);
  not_computed.video_lacks_qk_norm = !reads_qk_norm(keys, /*when_absent=*/true);
  const auto sample_size = keys.optional_integer("sample_size", {1, kMaxSampleSize}).value_or(30);
  return {config, not_computed, sample_size};
}

TransformerConfig read_image(const JsonObject& keys) {
  SanaImageConfig config;
  read_sizes(keys, config);
  config.patch_size = keys.integer("patch_size", {1, kMaxPatch});
  config.qk_norm = reads_qk_norm(keys, /*when_absent=*/false);
  config.guidance_embeds = keys.optional<bool>("guidance_embeds").value_or(false);
  config.sample_size = keys.optional_integer("sample_size", {1, kMaxSampleSize}).value_or(32);
  config.interpolation_scale = keys.optional<double>("interpolation_scale");
  return {config, read_not_computed(keys, config.latent_channels), std::nullopt};
}

void require_heads(const TransformerConfig& config) {
  require(!config.not_computed.unknown_heads,
          "the number of attention heads cannot be read off the tensors of a model of {} channels; "
          "give its configuration: --config FILE (a transformer/config.json)",
          config.hidden_dim());
}

void require_computed(const TransformerConfig& config, const std::string& where) {
  const NotComputed& lacks = config.not_computed;
  for (const auto& [is_there, what] : {
           std::pair<bool, std::string>{lacks.video_guidance_embeds, "guidance_embeds"},
           {lacks.attention_bias, "attention_bias"},
           {lacks.norm_elementwise_affine, "norm_elementwise_affine"},
           {lacks.norm_eps != NotComputed().norm_eps, fmt::format("norm_eps {}", lacks.norm_eps)},
           {lacks.video_lacks_qk_norm, "qk_norm null"},
           {lacks.out_channels.has_value(),
            fmt::format("{} out_channels for {} in_channels", config.out_channels(),
                        config.latent_channels())},
       }) {
    require(!is_there, "{}: a model with {} is not computed here", where, what);
  }
  require_heads(config);
}

}  // namespace

std::array<int64_t, 3> TransformerConfig::patch_size() const {
  if (const auto* image = std::get_if<SanaImageConfig>(&ours)) {
    return {1, image->patch_size, image->patch_size};
  }
  const auto& sizes = std::get<SanaVideoConfig>(ours).patch_size;
  return {sizes.at(0), sizes.at(1), sizes.at(2)};
}

int64_t TransformerConfig::patch_volume() const {
  const auto [frames, rows, columns] = patch_size();
  return frames * rows * columns;
}

bool TransformerConfig::qk_norm() const {
  const auto* image = std::get_if<SanaImageConfig>(&ours);
  return image == nullptr ? !not_computed.video_lacks_qk_norm : image->qk_norm;
}

bool TransformerConfig::guidance_embeds() const {
  const auto* image = std::get_if<SanaImageConfig>(&ours);
  return image == nullptr ? not_computed.video_guidance_embeds : image->guidance_embeds;
}

int64_t TransformerConfig::sample_size() const {
  if (const auto* image = std::get_if<SanaImageConfig>(&ours)) return image->sample_size;
  // The public pipeline picks its table of sizes by this: 480p for 30, 720p for 22.
  return video_sample_size.value_or(patch_volume() == 1 ? 22 : 30);
}

const char* transformer_class(const TransformerConfig& config) {
  return config.is_video() ? kVideoClass : kImageClass;
}

TransformerConfig transformer_config_from_diffusers(const nlohmann::json& json,
                                                    const std::string& where) {
  const JsonObject keys(json, where);
  const auto name = keys.required<std::string>("_class_name");
  if (name == kVideoClass) return read_video(keys);
  if (name == kImageClass) return read_image(keys);
  keys.refuse("_class_name", fmt::format("{} or {}", kVideoClass, kImageClass));
}

nlohmann::json to_json(const TransformerConfig& config) {
  require_heads(config);
  nlohmann::json json = {
      {"_class_name", transformer_class(config)},
      {"_diffusers_version", "0.36.0"},  // the first that has both classes
      {"attention_bias", config.not_computed.attention_bias},
      {"attention_head_dim", config.head_dim()},
      {"caption_channels", config.text_dim()},
      {"cross_attention_dim", config.hidden_dim()},
      {"cross_attention_head_dim", config.hidden_dim() / config.num_cross_heads()},
      {"dropout", 0.0},
      {"guidance_embeds", config.guidance_embeds()},
      {"guidance_embeds_scale", 0.1},
      {"in_channels", config.latent_channels()},
      {"interpolation_scale", nullptr},
      {"mlp_ratio", config.mlp_ratio()},
      {"norm_elementwise_affine", config.not_computed.norm_elementwise_affine},
      {"norm_eps", config.not_computed.norm_eps},
      {"num_attention_heads", config.num_heads()},
      {"num_cross_attention_heads", config.num_cross_heads()},
      {"num_layers", config.num_layers()},
      {"out_channels", config.out_channels()},
      {"qk_norm", nullptr},
      {"sample_size", config.sample_size()},
  };
  if (config.qk_norm()) json["qk_norm"] = kQkNorm;
  if (const auto* image = std::get_if<SanaImageConfig>(&config.ours)) {
    json["patch_size"] = image->patch_size;
    json["timestep_scale"] = 1.0;
    if (image->interpolation_scale) json["interpolation_scale"] = *image->interpolation_scale;
  } else {
    json["patch_size"] = config.patch_size();
    json["rope_max_seq_len"] = 1024;
  }
  return json;
}

SanaVideoConfig sana_video_config(const TransformerConfig& config, const std::string& where) {
  const auto* video = std::get_if<SanaVideoConfig>(&config.ours);
  require(video != nullptr, "{} is a text-to-image model, expected a video model", where);
  require_computed(config, where);
  config::check(*video, where);
  return *video;
}

SanaImageConfig sana_image_config(const TransformerConfig& config, const std::string& where) {
  const auto* image = std::get_if<SanaImageConfig>(&config.ours);
  require(image != nullptr, "{} is a video model, expected a text-to-image model", where);
  require_computed(config, where);
  config::check(*image, where);
  return *image;
}

SanaVideoConfig sana_video_config_from_diffusers(const nlohmann::json& json,
                                                 const std::string& where) {
  return sana_video_config(read_video(JsonObject(json, where)), where);
}

SanaImageConfig sana_image_config_from_diffusers(const nlohmann::json& json,
                                                 const std::string& where) {
  return sana_image_config(read_image(JsonObject(json, where)), where);
}

}  // namespace sana::checkpoints
