#include "checkpoints/public/known_weights.h"

#include <array>
#include <utility>

namespace sana::checkpoints {
namespace {

// A tensor that only these weights have.
constexpr std::array<std::pair<const char*, const char*>, 10> kLandmarks = {{
    {"encoder.downsamples.0.residual.0.gamma", "Wan VAE, original names"},
    {"encoder.down_blocks.0.norm1.gamma", "Wan VAE, diffusers names"},
    {"vae.encoder.down_blocks.0.res_blocks.0.conv1.conv.weight",
     "LTX-2 VAE, original names, in a combined checkpoint"},
    {"encoder.down_blocks.0.res_blocks.0.conv1.conv.weight", "LTX-2 VAE, original names"},
    {"encoder.down_blocks.0.resnets.0.conv1.conv.weight", "LTX-2 VAE, diffusers names"},
    {"encoder.project_in.conv.conv.weight", "DC-AE-V video VAE, original names"},
    {"encoder.project_in.conv.weight", "DC-AE image VAE, original names"},
    {"encoder.down_blocks.0.0.conv1.weight", "DC-AE image VAE, diffusers names"},
    {"layers.0.pre_feedforward_layernorm.weight", "Gemma-2 text encoder"},
    {"model.layers.0.pre_feedforward_layernorm.weight", "Gemma-2 text encoder"},
}};

}  // namespace

std::string known_weights(const ShapeMap& shapes) {
  for (const auto& [name, what] : kLandmarks) {
    if (shapes.count(name) != 0) return what;
  }
  return "";
}

}  // namespace sana::checkpoints
