#include "checkpoints/public/dc_ae_public.h"

#include <algorithm>
#include <cctype>

#include "core/config/check.h"
#include "core/error.h"

namespace sana::checkpoints {
namespace {

using nlohmann::json;
using Scales = std::vector<std::vector<int64_t>>;

// Reads keys of one file; a key that is absent has the default of the public class.
class Keys {
 public:
  Keys(const json& object, const std::string& where) : object_(object), where_(where) {}

  template <class T>
  T value(const std::string& key, const T& fallback) const {
    const auto found = object_.find(key);
    return found == object_.end() ? fallback : as<T>(key, *found);
  }

  // A list with one text per stage, or one text for all.
  std::vector<std::string> texts(const std::string& key, const std::string& fallback,
                                 size_t stages) const {
    const auto found = object_.find(key);
    if (found == object_.end()) return std::vector<std::string>(stages, fallback);
    if (found->is_string()) return std::vector<std::string>(stages, found->get<std::string>());
    return exactly(key, as<std::vector<std::string>>(key, *found), stages);
  }

  template <class T>
  std::vector<T> list(const std::string& key, const std::vector<T>& fallback, size_t stages) const {
    return exactly(key, value(key, fallback), stages);
  }

 private:
  template <class T>
  T as(const std::string& key, const json& found) const {
    try {
      return found.get<T>();
    } catch (const json::exception&) {
      throw UserError(
          fmt::format("{}: key '{}' has an unexpected type: {}", where_, key, found.dump()));
    }
  }

  template <class T>
  std::vector<T> exactly(const std::string& key, std::vector<T> values, size_t stages) const {
    require(values.size() == stages, "{}: key '{}' has {} entries, expected {} (one per stage)",
            where_, key, values.size(), stages);
    return values;
  }

  const json& object_;
  const std::string& where_;
};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  return text;
}

// The stages of one side ("encoder" or "decoder"). Only the decoder has a choice of normalisations
// and activations.
std::vector<model::DcAeStage> stages_of(const Keys& keys, const std::string& side,
                                        const std::vector<int64_t>& default_layers) {
  const auto widths = keys.value<std::vector<int64_t>>(side + "_block_out_channels",
                                                       {128, 256, 512, 512, 1024, 1024});
  const size_t count = widths.size();
  const auto blocks = keys.texts(side + "_block_types", "ResBlock", count);
  const auto layers = keys.list<int64_t>(side + "_layers_per_block", default_layers, count);
  const auto scales =
      keys.list(side + "_qkv_multiscales", Scales{{}, {}, {}, {5}, {5}, {5}}, count);
  std::vector<std::string> norms(count, "rms_norm"), activations(count, "silu");
  if (side == "decoder") {
    norms = keys.texts("decoder_norm_types", "rms_norm", count);
    activations = keys.texts("decoder_act_fns", "silu", count);
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
  require(object.is_object(), "{}: not a configuration (a JSON object is expected)", where);
  const Keys keys(object, where);
  model::DcAeConfig config;
  config.in_channels = keys.value("in_channels", config.in_channels);
  config.latent_channels = keys.value("latent_channels", config.latent_channels);
  config.head_dim = keys.value("attention_head_dim", config.head_dim);
  config.encoder = stages_of(keys, "encoder", {2, 2, 2, 3, 3, 3});
  config.decoder = stages_of(keys, "decoder", {3, 3, 3, 3, 3, 3});
  // Any other text than these two means the other kind, as in the public class.
  config.strided_downsampling =
      keys.value<std::string>("downsample_block_type", "pixel_unshuffle") != "pixel_unshuffle";
  config.interpolating_upsampling =
      keys.value<std::string>("upsample_block_type", "pixel_shuffle") == "interpolate";
  config.encoder_out_shortcut = keys.value("encoder_out_shortcut", config.encoder_out_shortcut);
  config.decoder_in_shortcut = keys.value("decoder_in_shortcut", config.decoder_in_shortcut);
  config.decoder_out_activation =
      lower_case(keys.value("decoder_conv_act_fn", config.decoder_out_activation));
  config.scaling_factor = keys.value("scaling_factor", config.scaling_factor);
  check_each(config.encoder, where + ": encoder");
  check_each(config.decoder, where + ": decoder");
  config::check(config, where);
  return config;
}

}  // namespace sana::checkpoints
