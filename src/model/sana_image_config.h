// Sizes of the text-to-image SANA that video training starts from (arXiv 2410.10629).
#pragma once
#include <cstdint>
#include <optional>

#include "core/config/checks.h"

namespace sana::model {

// Defaults are the public 1.6B model for 1024 x 1024.
struct SanaImageConfig {
  int64_t latent_channels = 32;  // C
  int64_t patch_size = 1;
  int64_t num_layers = 20;
  int64_t num_heads = 70;  // A
  int64_t head_dim = 32;
  int64_t num_cross_heads = 20;
  int64_t text_dim = 2304;                    // E
  double mlp_ratio = 2.5;                     // r of the Mix-FFN
  bool qk_norm = false;                       // SANA 1.5 and Sprint have it
  bool guidance_embeds = false;               // Sprint: the guidance scale is an input
  int64_t sample_size = 32;                   // latent rows and columns that positions span
  std::optional<double> interpolation_scale;  // of sinusoidal positions; none: no positions
  double attention_eps = 1e-15;

  int64_t hidden_dim() const { return num_heads * head_dim; }  // D
  // Hidden channels of the Mix-FFN after gating: r * D.
  int64_t mlp_dim() const { return static_cast<int64_t>(mlp_ratio * double(hidden_dim())); }

  template <class Binder>
  void bind(Binder& b) {
    using config::between;
    constexpr int64_t kMaxWidth = 65536;  // what a damaged file can ask for is bounded
    const auto width = between<int64_t>(1, kMaxWidth);
    b.field("latent_channels", latent_channels, "Channels of the VAE's latents.", width);
    b.field("patch_size", patch_size, "Rows and columns of latent pixels per token.",
            between<int64_t>(1, 64));
    b.field("num_layers", num_layers, "Transformer blocks.", between<int64_t>(1, 1000));
    b.field("num_heads", num_heads, "Heads of the linear self-attention.", width);
    b.field("head_dim", head_dim, "Channels per head.", width);
    b.field("num_cross_heads", num_cross_heads,
            "Heads of the cross-attention; divides num_heads * head_dim.", width);
    b.field("text_dim", text_dim, "Width of the text encoder's features.", width);
    b.field("mlp_ratio", mlp_ratio, "Expansion of the Mix-FFN.", between(0.5, 64.0));
    b.field("qk_norm", qk_norm, "RMSNorm on queries and keys of both attentions.");
    b.field("guidance_embeds", guidance_embeds, "The guidance scale is an input of the model.");
    b.field("sample_size", sample_size, "Latent rows and columns that positions span.",
            between<int64_t>(1, 4096));
    b.field("interpolation_scale", interpolation_scale,
            "Divides the sinusoidal positions; left out: the model has no positions.");
    b.field("attention_eps", attention_eps, "Added to the denominator of the linear attention.",
            config::at_least(0.0));
  }

  template <class Problems>
  void validate(Problems& problems) const {
    if (hidden_dim() > 65536) {
      problems.add("num_heads", fmt::format("* head_dim ({}) must be at most 65536", hidden_dim()));
    }
    if (hidden_dim() % num_cross_heads != 0) {
      problems.add("num_cross_heads", fmt::format("({}) must divide num_heads * head_dim ({})",
                                                  num_cross_heads, hidden_dim()));
    }
    if (sample_size < patch_size) {
      problems.add("sample_size",
                   fmt::format("({}) must hold one patch ({})", sample_size, patch_size));
    }
    if (interpolation_scale && !(*interpolation_scale >= 1e-3)) {
      problems.add("interpolation_scale",
                   fmt::format("must be at least 0.001, got {}", *interpolation_scale));
    }
    if (interpolation_scale && hidden_dim() % 4 != 0) {
      problems.add("num_heads", fmt::format("* head_dim ({}) must be a multiple of 4 for "
                                            "sinusoidal positions (interpolation_scale)",
                                            hidden_dim()));
    }
  }
};

}  // namespace sana::model
