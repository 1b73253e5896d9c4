// SANA transformers as public checkpoints configure them: transformer/config.json of
// SanaVideoTransformer3DModel and SanaTransformer2DModel, read into the configurations of our
// models and written from them.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>

#include "model/sana_image_config.h"
#include "model/sana_video_config.h"

namespace sana::checkpoints {

// What public files can state and no model of this program computes: such checkpoints are inspected
// and converted, not sampled from.
struct NotComputed {
  bool attention_bias = false;  // biases on queries, keys and values of the self-attention
  bool norm_elementwise_affine = false;
  double norm_eps = 1e-6;
  std::optional<int64_t> out_channels;  // where they are not as many as those of the latents
  bool video_guidance_embeds = false;   // the guidance scale is an input of a video model
  bool video_lacks_qk_norm = false;
  bool unknown_heads = false;  // the tensors do not tell them; the model is given one of D channels
};

// A transformer of a checkpoint: the configuration of our model of its kind, and what that lacks.
struct TransformerConfig {
  using Video = model::SanaVideoConfig;
  using Image = model::SanaImageConfig;

  std::variant<Video, Image> ours;
  NotComputed not_computed = {};
  // Latent rows and columns of the default size, where the configuration of a video model says.
  std::optional<int64_t> video_sample_size = {};

  bool is_video() const { return std::holds_alternative<Video>(ours); }

  // A member of whichever kind it is.
  template <class OfVideo, class OfImage>
  auto of(OfVideo video, OfImage image) const {
    return is_video() ? std::invoke(video, std::get<Video>(ours))
                      : std::invoke(image, std::get<Image>(ours));
  }

  // What both kinds have.
  int64_t latent_channels() const { return of(&Video::latent_channels, &Image::latent_channels); }
  int64_t num_layers() const { return of(&Video::num_layers, &Image::num_layers); }
  int64_t num_heads() const { return of(&Video::num_heads, &Image::num_heads); }
  int64_t head_dim() const { return of(&Video::head_dim, &Image::head_dim); }
  int64_t num_cross_heads() const { return of(&Video::num_cross_heads, &Image::num_cross_heads); }
  int64_t text_dim() const { return of(&Video::text_dim, &Image::text_dim); }
  int64_t hidden_dim() const { return of(&Video::hidden_dim, &Image::hidden_dim); }  // D
  int64_t mlp_dim() const { return of(&Video::mlp_dim, &Image::mlp_dim); }
  double mlp_ratio() const { return of(&Video::mlp_ratio, &Image::mlp_ratio); }
  double attention_eps() const { return of(&Video::attention_eps, &Image::attention_eps); }
  std::array<int64_t, 3> patch_size() const;  // frames, rows, columns
  int64_t patch_volume() const;
  int64_t out_channels() const { return not_computed.out_channels.value_or(latent_channels()); }
  bool qk_norm() const;
  bool guidance_embeds() const;
  int64_t sample_size() const;
};

// "SanaVideoTransformer3DModel" or "SanaTransformer2DModel".
const char* transformer_class(const TransformerConfig& config);

// Reads a public configuration of either class; keys that it leaves out have the default of their
// class. `where` names the file in errors. Throws UserError on another class, missing keys, wrong
// types, or sizes that contradict each other.
TransformerConfig transformer_config_from_diffusers(const nlohmann::json& json,
                                                    const std::string& where);
// Writes one, with every key of the class. Throws UserError when the heads are not known.
nlohmann::json to_json(const TransformerConfig& config);

// Our configuration, to build the model from. Throws UserError that names `where` for a model of
// the other kind, and for what is not computed here.
model::SanaVideoConfig sana_video_config(const TransformerConfig& config, const std::string& where);
model::SanaImageConfig sana_image_config(const TransformerConfig& config, const std::string& where);

// The same straight from a public configuration of the class, which need not say its name.
model::SanaVideoConfig sana_video_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where);
model::SanaImageConfig sana_image_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where);

}  // namespace sana::checkpoints
