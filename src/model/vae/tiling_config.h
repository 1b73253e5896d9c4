// In what pieces a VAE is asked to decode or encode.
#pragma once
#include <cstdint>
#include <optional>

#include "core/config/checks.h"
#include "core/config/problems.h"

namespace sana::model {

// Sizes in pixels and frames of the clip. A size that is absent, or not smaller than the clip,
// means the whole of it.
struct TilingConfig {
  std::optional<int64_t> tile_height;
  std::optional<int64_t> tile_width;
  int64_t overlap = 64;
  std::optional<int64_t> tile_frames;
  int64_t overlap_frames = 8;

  template <class Binder>
  void bind(Binder& b) {
    using config::at_least;
    b.field("tile_height", tile_height, "Rows of a tile, in pixels; null: all.",
            at_least<int64_t>(1));
    b.field("tile_width", tile_width, "Columns of a tile, in pixels; null: all.",
            at_least<int64_t>(1));
    b.field("overlap", overlap, "Pixels that neighbouring tiles share and are blended over.",
            at_least<int64_t>(0));
    b.field("tile_frames", tile_frames,
            "Frames of a tile; null: all. The Wan VAE streams frames and takes whole clips anyway.",
            at_least<int64_t>(1));
    b.field("overlap_frames", overlap_frames,
            "Frames that tiles share and are blended over, where frames depend on each other.",
            at_least<int64_t>(0));
  }

  void validate(config::Problems& problems) const {
    const auto check = [&](const char* key, const std::optional<int64_t>& tile, int64_t shared) {
      if (tile && *tile < 2 * shared) {
        problems.add(
            key, fmt::format("must be twice the overlap or more ({}), got {}", 2 * shared, *tile));
      }
    };
    check("tile_height", tile_height, overlap);
    check("tile_width", tile_width, overlap);
  }
};

}  // namespace sana::model
