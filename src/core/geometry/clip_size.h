// Size of a clip and of its latents.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "core/config/checks.h"

namespace sana {

// Rows and columns of pixels, and frames. A table of sizes, to which clips of any length go, has 0
// frames in each.
struct ClipSize {
  int64_t height = 0, width = 0, frames = 0;

  // Of all frames together.
  int64_t pixels() const { return height * width * frames; }
  auto operator<=>(const ClipSize&) const = default;

  template <class Binder>
  void bind(Binder& b) {
    b.required("height", height, "Rows of pixels.", config::between<int64_t>(1, 16384));
    b.required("width", width, "Columns of pixels.", config::between<int64_t>(1, 16384));
    b.required("frames", frames, "Frames.", config::between<int64_t>(1, 65536));
  }
};

// "128x224x17" (height x width x frames)
std::string to_string(const ClipSize& size);

// "128x224" or "128x224x17"; frames is 0 when left out. Throws UserError.
ClipSize parse_clip_size(const std::string& text);
// The same; nothing when the text is no size.
std::optional<ClipSize> try_parse_clip_size(const std::string& text);

// Of the latents [B, C, frames, height, width] of a clip.
struct LatentSize {
  int64_t frames = 1, height = 0, width = 0;

  auto operator<=>(const LatentSize&) const = default;
};

}  // namespace sana
