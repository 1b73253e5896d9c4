// Sizes of the linear video DiT (design: arXiv 2509.24695, section 3).
#pragma once
#include <cstdint>
#include <vector>

#include "core/config/checks.h"

namespace sana::model {

// Defaults are the public 2B 480p model.
struct SanaVideoConfig {
  int64_t latent_channels = 16;                 // C
  std::vector<int64_t> patch_size = {1, 2, 2};  // p_t, p_h, p_w
  int64_t num_layers = 20;
  int64_t num_heads = 20;  // A
  int64_t head_dim = 112;
  int64_t num_cross_heads = 20;
  int64_t text_dim = 2304;       // E
  double mlp_ratio = 3.0;        // r of the Mix-FFN
  double attention_eps = 1e-15;  // in the denominator of the linear attention

  int64_t hidden_dim() const { return num_heads * head_dim; }  // D
  int64_t cross_head_dim() const { return hidden_dim() / num_cross_heads; }
  // Hidden channels of the Mix-FFN after gating: r * D.
  int64_t mlp_dim() const { return static_cast<int64_t>(mlp_ratio * double(hidden_dim())); }
  int64_t patch_volume() const { return patch_size[0] * patch_size[1] * patch_size[2]; }

  template <class Binder>
  void bind(Binder& b) {
    using config::between;
    constexpr int64_t kMaxWidth = 65536;  // what a damaged file can ask for is bounded
    b.field("latent_channels", latent_channels, "Channels of the VAE's latents.",
            between<int64_t>(1, kMaxWidth));
    b.field("patch_size", patch_size, "Patch of latent voxels per token: frames, rows, columns.",
            between<int64_t>(1, 64));
    b.field("num_layers", num_layers, "Transformer blocks.", between<int64_t>(1, 1000));
    b.field("num_heads", num_heads, "Heads of the linear self-attention.",
            between<int64_t>(1, kMaxWidth));
    b.field("head_dim", head_dim, "Channels per head; even, at least 6 (three rotary axes).",
            between<int64_t>(6, kMaxWidth));
    b.field("num_cross_heads", num_cross_heads,
            "Heads of the cross-attention; divides num_heads * head_dim.",
            between<int64_t>(1, kMaxWidth));
    b.field("text_dim", text_dim, "Width of the text encoder's features.",
            between<int64_t>(1, kMaxWidth));
    b.field("mlp_ratio", mlp_ratio, "Expansion of the Mix-FFN.", between(0.5, 64.0));
    b.field("attention_eps", attention_eps, "Added to the denominator of the linear attention.",
            config::at_least(0.0));
  }

  template <class Problems>
  void validate(Problems& problems) const {
    bool sizes_ok = patch_size.size() == 3;
    for (int64_t size : patch_size) sizes_ok = sizes_ok && size >= 1;
    if (!sizes_ok)
      problems.add("patch_size", "must be three positive integers (frames, rows, columns)");
    if (head_dim % 2 != 0)
      problems.add("head_dim", fmt::format("must be even (rotary pairs), got {}", head_dim));
    if (hidden_dim() > 65536) {
      problems.add("num_heads", fmt::format("* head_dim ({}) must be at most 65536", hidden_dim()));
    }
    if (num_cross_heads >= 1 && hidden_dim() % num_cross_heads != 0) {
      problems.add("num_cross_heads", fmt::format("({}) must divide num_heads * head_dim ({})",
                                                  num_cross_heads, hidden_dim()));
    }
  }
};

}  // namespace sana::model
