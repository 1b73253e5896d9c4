#include "checkpoints/public/dc_ae_public.h"

#include <utility>

#include "core/config/check.h"
#include "core/json_object.h"
#include "core/text.h"

namespace sana::checkpoints {
namespace {

using nlohmann::json;
using Scales = std::vector<std::vector<int64_t>>;

// A list with one entry per stage. Absent: `fallback`.
template <class T>
std::vector<T> per_stage(const JsonObject& keys, const std::string& key, std::vector<T> fallback,
                         size_t stages) {
  auto values = keys.value_or(key, std::move(fallback));
  if (values.size() != stages) {
    keys.refuse(key, fmt::format("{} entries (one per stage)", stages));
  }
  return values;
}

// The same for texts, where one may stand for all stages.
std::vector<std::string> texts(const JsonObject& keys, const std::string& key,
                               const std::string& fallback, size_t stages) {
  if (keys.holds<std::string>(key)) {
    return std::vector<std::string>(stages, keys.required<std::string>(key));
  }
  return per_stage(keys, key, std::vector<std::string>(stages, fallback), stages);
}

// The stages of one side ("encoder" or "decoder"). Only the decoder has a choice of normalisations
// and activations.
std::vector<model::DcAeStage> stages_of(const JsonObject& keys, const std::string& side,
                                        const std::vector<int64_t>& default_layers) {
  const auto widths = keys.value_or<std::vector<int64_t>>(side + "_block_out_channels",
                                                          {128, 256, 512, 512, 1024, 1024});
  const size_t count = widths.size();
  const auto blocks = texts(keys, side + "_block_types", "ResBlock", count);
  const auto layers = per_stage(keys, side + "_layers_per_block", default_layers, count);
  const auto scales =
      per_stage(keys, side + "_qkv_multiscales", Scales{{}, {}, {}, {5}, {5}, {5}}, count);
  std::vector<std::string> norms(count, "rms_norm"), activations(count, "silu");
  if (side == "decoder") {
    norms = texts(keys, "decoder_norm_types", "rms_norm", count);
    activations = texts(keys, "decoder_act_fns", "silu", count);
  }
  std::vector<model::DcAeStage> stages;
  for (size_t i = 0; i < count; ++i) {
    stages.push_back(
        {blocks[i], widths[i], layers[i], scales[i], norms[i], lower_case(activations[i])});
  }
  return stages;
}

// Every stage by itself, so that a complaint says which one it is about.
void check_each(const std::vector<model::DcAeStage>& stages, const std::string& side) {
  for (size_t i = 0; i < stages.size(); ++i) {
    config::check(stages[i], fmt::format("{}, stage {}", side, i));
  }
}

}  // namespace

model::DcAeConfig dc_ae_config_from_diffusers(const json& object, const std::string& where) {
  const JsonObject keys(object, where);
  model::DcAeConfig config;
  config.in_channels = keys.value_or("in_channels", config.in_channels);
  config.latent_channels = keys.value_or("latent_channels", config.latent_channels);
  config.head_dim = keys.value_or("attention_head_dim", config.head_dim);
  config.encoder = stages_of(keys, "encoder", {2, 2, 2, 3, 3, 3});
  config.decoder = stages_of(keys, "decoder", {3, 3, 3, 3, 3, 3});
  // Any other text than these two means the other kind, as in the public class.
  config.strided_downsampling =
      keys.value_or<std::string>("downsample_block_type", "pixel_unshuffle") != "pixel_unshuffle";
  config.interpolating_upsampling =
      keys.value_or<std::string>("upsample_block_type", "pixel_shuffle") == "interpolate";
  config.encoder_out_shortcut = keys.value_or("encoder_out_shortcut", config.encoder_out_shortcut);
  config.decoder_in_shortcut = keys.value_or("decoder_in_shortcut", config.decoder_in_shortcut);
  config.decoder_out_activation =
      lower_case(keys.value_or("decoder_conv_act_fn", config.decoder_out_activation));
  config.scaling_factor = keys.value_or("scaling_factor", config.scaling_factor);
  check_each(config.encoder, where + ": encoder");
  check_each(config.decoder, where + ": decoder");
  config::check(config, where);
  return config;
}

}  // namespace sana::checkpoints
