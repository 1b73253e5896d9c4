// Size of a clip.
#pragma once
#include <compare>
#include <cstdint>
#include <string>

#include "core/config/checks.h"

namespace sana {

// Rows and columns of pixels, and frames.
struct ClipSize {
  int64_t height = 0, width = 0, frames = 0;

  template <class Binder>
  void bind(Binder& b) {
    b.required("height", height, "Rows of pixels.", config::at_least<int64_t>(1));
    b.required("width", width, "Columns of pixels.", config::at_least<int64_t>(1));
    b.required("frames", frames, "Frames.", config::at_least<int64_t>(1));
  }
};

}  // namespace sana
