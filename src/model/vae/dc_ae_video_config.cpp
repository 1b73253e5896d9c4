#include "model/vae/dc_ae_video_config.h"

#include <ATen/ATen.h>

#include <map>

#include "core/config/config.h"
#include "core/error.h"

namespace sana::model {
namespace {

// Pixels, or frames, that a transition folds into channels: 2 x 2 or 4.
constexpr int64_t kFold = 4;

const std::vector<int64_t> kSmallDepths = {4, 4, 4, 4, 4, 4};  // of the 0.4 variant
constexpr double kSmallScalingFactor = 1.2041;

DcAeVideoConfig variant(int64_t chunk_frames, double scaling_factor) {
  DcAeVideoConfig config;
  config.chunk_frames = chunk_frames;
  config.scaling_factor = {scaling_factor};
  return config;
}

// Convolutions fold into, and shortcuts average, whole numbers of channels.
void check_widths(config::Problems& problems, const std::vector<int64_t>& widths, size_t depths) {
  if (widths.size() < 2 || widths.size() != depths) {
    problems.add("widths", fmt::format("has {} entries and depths {}; both need the same number, "
                                       "at least 2",
                                       widths.size(), depths));
  }
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] < kFold || widths[i] > (1 << 16) || widths[i] % kFold != 0) {
      return problems.add("widths",
                          fmt::format("must be multiples of 4 up to 65536, got {}", widths[i]));
    }
    if (i > 0 && kFold * widths[i - 1] % widths[i] != 0) {
      problems.add("widths",
                   fmt::format("{} is no divisor of 4 x {}, the width of the stage before",
                               widths[i], widths[i - 1]));
    }
  }
}

std::string first_weight(int64_t stage, int64_t block) {
  return fmt::format("encoder.stages.{}.op_list.{}.main.conv1.conv.weight", stage, block);
}

}  // namespace

VaeGeometry DcAeVideoConfig::geometry() const {
  VaeGeometry geometry;
  geometry.stride_t = kFold;
  geometry.stride_h = geometry.stride_w = int64_t(1) << (widths.size() - 1);
  geometry.latent_channels = latent_channels;
  geometry.first_frame_alone = false;
  return geometry;
}

void DcAeVideoConfig::validate(config::Problems& problems) const {
  check_widths(problems, widths, depths.size());
  for (const int64_t depth : depths) {
    if (depth < 1 || depth > 1000) {
      problems.add("depths", fmt::format("must be between 1 and 1000, got {}", depth));
    }
  }
  if (chunk_frames % kFold != 0) {
    problems.add("chunk_frames", fmt::format("must be a multiple of 4, got {}", chunk_frames));
  }
  const size_t factors = scaling_factor.size();
  if (factors != 1 && factors != size_t(latent_channels)) {
    problems.add("scaling_factor", fmt::format("needs 1 or {} entries (latent_channels), has {}",
                                               latent_channels, factors));
  }
  for (const double factor : scaling_factor) {
    if (!(factor > 0.0)) {
      problems.add("scaling_factor", fmt::format("must be above 0, got {}", factor));
    }
  }
}

DcAeVideoConfig dc_ae_video_config_by_name(const std::string& name) {
  static const std::string family = "st-dc-ae-f32t4c32";
  std::map<std::string, DcAeVideoConfig> known = {
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

DcAeVideoConfig dc_ae_video_config_from_weights(const TensorMap& tensors, const std::string& what) {
  DcAeVideoConfig config;
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

DcAeVideoConfig dc_ae_video_config_from_json(const nlohmann::json& json, const std::string& where) {
  return config::load_text<DcAeVideoConfig>(json.dump(), where);
}

}  // namespace sana::model
