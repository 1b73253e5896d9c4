#include "checkpoints/public/dc_ae_video_public.h"

#include <ATen/ATen.h>

#include <map>
#include <vector>

#include "core/config/config.h"
#include "core/error.h"
#include "core/json_dump.h"

namespace sana::checkpoints {
namespace {

const std::vector<int64_t> kSmallDepths = {4, 4, 4, 4, 4, 4};  // of the 0.4 variant
constexpr double kSmallScalingFactor = 1.2041;

model::DcAeVideoConfig variant(int64_t chunk_frames, double scaling_factor) {
  model::DcAeVideoConfig config;
  config.chunk_frames = chunk_frames;
  config.scaling_factor = {scaling_factor};
  return config;
}

std::string first_weight(int64_t stage, int64_t block) {
  return fmt::format("encoder.stages.{}.op_list.{}.main.conv1.conv.weight", stage, block);
}

}  // namespace

model::DcAeVideoConfig dc_ae_video_config_by_name(const std::string& name) {
  static const std::string family = "st-dc-ae-f32t4c32";
  std::map<std::string, model::DcAeVideoConfig> known = {
      {family, variant(32, 0.7389)},
      {family + "-chunk40", variant(40, 0.8018)},
      {family + "-chunk40-ivj", variant(40, 0.7241)},
      {family + "-chunked-causal-40-0.1", variant(40, 0.8018)},
      {family + "-chunked-causal-40-0.2", variant(40, 0.8018)},
      {family + "-chunked-causal-40-0.3", variant(40, 0.8018)},
      {family + "-chunked-causal-40-0.4", variant(40, kSmallScalingFactor)}};
  known[family + "-chunked-causal-40-0.4"].depths = kSmallDepths;
  const auto found = known.find(name);
  std::string names;
  for (const auto& item : known) names += "\n  " + item.first;
  require(found != known.end(), "no video autoencoder is named '{}'; known are{}", name, names);
  return found->second;
}

model::DcAeVideoConfig dc_ae_video_config_from_weights(const TensorMap& tensors,
                                                       const std::string& what) {
  model::DcAeVideoConfig config;
  config.widths.clear();
  config.depths.clear();
  for (int64_t stage = 1; tensors.count(first_weight(stage, 0)) != 0; ++stage) {
    const at::Tensor& weight = tensors.at(first_weight(stage, 0));
    require(weight.dim() == 5, "{}: tensor {} has {} axes, expected 5 (a 3-D convolution)", what,
            first_weight(stage, 0), weight.dim());
    config.widths.push_back(weight.size(0));
    int64_t depth = 1;
    while (tensors.count(first_weight(stage, depth)) != 0) ++depth;
    config.depths.push_back(depth);
  }
  const auto latents = tensors.find("encoder.project_out.conv.weight");
  const auto pixels = tensors.find("encoder.project_in.conv.conv.weight");
  require(!config.widths.empty() && latents != tensors.end() && latents->second.dim() == 5 &&
              pixels != tensors.end() && pixels->second.dim() == 5,
          "{}: these are not the weights of a DC-AE-V (no {}, encoder.project_in.conv.conv.weight "
          "and encoder.project_out.conv.weight of five axes)",
          what, first_weight(1, 0));
  config.latent_channels = latents->second.size(0);
  config.in_channels = pixels->second.size(1);
  if (config.depths == kSmallDepths) config.scaling_factor = {kSmallScalingFactor};
  return config;
}

model::DcAeVideoConfig dc_ae_video_config_from_json(const nlohmann::json& json,
                                                    const std::string& where) {
  return config::load_text<model::DcAeVideoConfig>(dump_json(json), where);
}

}  // namespace sana::checkpoints
