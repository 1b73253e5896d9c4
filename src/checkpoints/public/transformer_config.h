// Sizes of a SANA transformer, video or text-to-image, as its public configuration states them:
// transformer/config.json of SanaVideoTransformer3DModel and SanaTransformer2DModel.
#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "model/sana_image_config.h"
#include "model/sana_video_config.h"

namespace sana::checkpoints {

// Defaults are the public 2B 480p video model.
struct TransformerConfig {
  bool is_video = true;
  int64_t in_channels = 16;   // C of the latents
  int64_t out_channels = 16;  // the same in every public model
  std::array<int64_t, 3> patch_size = {1, 2, 2};
  int64_t hidden_dim = 2240;  // D
  int64_t num_layers = 20;
  int64_t num_heads = 20;  // of the self-attention; 0: not known
  int64_t num_cross_heads = 20;
  int64_t caption_channels = 2304;  // E
  double mlp_ratio = 3.0;
  bool has_qk_norm = true;
  bool has_guidance = false;  // the guidance scale is an input (SANA-Sprint)
  bool has_attention_bias = false;
  int64_t sample_size = 30;  // latent rows and columns of the default size
  std::optional<double> interpolation_scale;

  int64_t mlp_dim() const { return static_cast<int64_t>(mlp_ratio * double(hidden_dim)); }
  int64_t patch_volume() const { return patch_size[0] * patch_size[1] * patch_size[2]; }
};

// "SanaVideoTransformer3DModel" or "SanaTransformer2DModel".
const char* transformer_class(const TransformerConfig& config);
bool is_transformer_class(const std::string& name);

// Reads a public configuration; keys that public files leave out have the default of their class.
// `where` names the file in errors. Throws UserError on another class, missing keys, wrong types,
// or sizes that contradict each other.
TransformerConfig transformer_config_from_json(const nlohmann::json& json,
                                               const std::string& where);
// Writes one, with every key of the class. Throws UserError when the heads are not known.
nlohmann::json to_json(const TransformerConfig& config);

// Ours, as a public configuration and back. The latter throws UserError for a text-to-image model
// and for what the video model of this program does not compute; `where` names the source in it.
TransformerConfig transformer_config(const model::SanaVideoConfig& config);
TransformerConfig transformer_config(const model::SanaImageConfig& config);
model::SanaVideoConfig sana_video_config(const TransformerConfig& config, const std::string& where);
// The same for a text-to-image model.
model::SanaImageConfig sana_image_config(const TransformerConfig& config, const std::string& where);

}  // namespace sana::checkpoints
