#include "checkpoints/public/ltx2_vae_public.h"

#include <vector>

#include "core/config/config.h"
#include "core/error.h"
#include "core/json_dump.h"

namespace sana::checkpoints {
namespace {

// Public files may write one truth value for all blocks.
void expand_flag(nlohmann::json& json, const char* key, size_t blocks) {
  const auto found = json.find(key);
  if (found != json.end() && found->is_boolean()) {
    *found = std::vector<bool>(blocks, found->get<bool>());
  }
}

}  // namespace

model::Ltx2VaeConfig ltx2_vae_config_from_diffusers(const nlohmann::json& json,
                                                    const std::string& where) {
  require(json.is_object(), "{}: a JSON object is expected, found {}", where, json.type_name());
  nlohmann::json known = nlohmann::json::object();
  for (const auto& [key, value] : json.items()) {
    if (!key.starts_with("_")) known[key] = value;
  }
  const auto entries = [&](const char* key, size_t otherwise) {
    return known.contains(key) && known[key].is_array() ? known[key].size() : otherwise;
  };
  const model::Ltx2VaeConfig defaults;
  const size_t down = entries("block_out_channels", defaults.block_out_channels.size());
  const size_t up =
      entries("decoder_block_out_channels", defaults.decoder_block_out_channels.size());
  expand_flag(known, "spatio_temporal_scaling", down);
  expand_flag(known, "decoder_spatio_temporal_scaling", up);
  expand_flag(known, "decoder_inject_noise", up + 1);
  expand_flag(known, "upsample_residual", up);
  return config::load_text<model::Ltx2VaeConfig>(dump_json(known), where);
}

model::Ltx2VaeConfig ltx2_vae_public_config() {
  model::Ltx2VaeConfig config;
  config.decoder_causal = false;
  config.spatial_compression_ratio = 32;
  config.temporal_compression_ratio = 8;
  return config;
}

}  // namespace sana::checkpoints
