#include "checkpoints/public/public_models.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

namespace sana::checkpoints {
namespace {

struct PublicModel {
  const char* name;
  bool is_video;
  int64_t hidden_dim, num_layers, channels, patch;  // rows of a patch
  double mlp_ratio;
  bool qk_norm, guidance_embeds;
  const char* vae_class;
};

constexpr const char* kDcAe = "AutoencoderDC";
constexpr std::array<PublicModel, 9> kModels = {{
    {"SANA-Video 2B 480p (Wan VAE)", true, 2240, 20, 16, 2, 3.0, true, false, "AutoencoderKLWan"},
    {"SANA-Video 2B 720p (DC-AE-V)", true, 2240, 20, 32, 1, 3.0, true, false, ""},
    {"SANA-Video 2B 720p (LTX-2 VAE)", true, 2240, 20, 128, 1, 3.0, true, false,
     "AutoencoderKLLTX2Video"},
    {"SANA 1.6B text-to-image", false, 2240, 20, 32, 1, 2.5, false, false, kDcAe},
    {"SANA 0.6B text-to-image", false, 1152, 28, 32, 1, 2.5, false, false, kDcAe},
    {"SANA-1.5 1.6B text-to-image", false, 2240, 20, 32, 1, 2.5, true, false, kDcAe},
    {"SANA-1.5 4.8B text-to-image", false, 2240, 60, 32, 1, 2.5, true, false, kDcAe},
    {"SANA-Sprint 1.6B text-to-image", false, 2240, 20, 32, 1, 2.5, true, true, kDcAe},
    {"SANA-Sprint 0.6B text-to-image", false, 1152, 28, 32, 1, 2.5, true, true, kDcAe},
}};

const PublicModel* find_model(const TransformerConfig& config) {
  const auto* found = std::find_if(kModels.begin(), kModels.end(), [&](const PublicModel& model) {
    return model.is_video == config.is_video() && model.hidden_dim == config.hidden_dim() &&
           model.num_layers == config.num_layers() && model.channels == config.latent_channels() &&
           config.patch_size() == std::array<int64_t, 3>{1, model.patch, model.patch} &&
           model.mlp_ratio == config.mlp_ratio() && model.qk_norm == config.qk_norm() &&
           model.guidance_embeds == config.guidance_embeds() && config.text_dim() == 2304;
  });
  return found == kModels.end() ? nullptr : found;
}

}  // namespace

std::string public_model_name(const TransformerConfig& config, bool is_distilled) {
  const PublicModel* model = find_model(config);
  if (model == &kModels[0] && is_distilled) return "LongSANA 2B 480p (Wan VAE)";
  if (model != nullptr) return model->name;
  const auto [frames, rows, columns] = config.patch_size();
  return fmt::format(
      "unknown sizes: {}, {} blocks of {} channels, {} latent channels, patch {}x{}x{}",
      config.is_video() ? "video" : "text-to-image", config.num_layers(), config.hidden_dim(),
      config.latent_channels(), frames, rows, columns);
}

std::string public_vae_class(const TransformerConfig& config) {
  const PublicModel* model = find_model(config);
  return model == nullptr ? "" : model->vae_class;
}

double public_flow_shift(const TransformerConfig& config) { return config.is_video() ? 8.0 : 3.0; }

}  // namespace sana::checkpoints
