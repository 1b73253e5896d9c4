// Where tiles begin and end along one axis, and how they are blended.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace sana::model {

// One tile along one axis, in latents. The VAE sees [begin, end); of what it makes, [keep_begin,
// keep_end) is kept, the first `fade_in` of it blended with the tile before, the last `fade_out`
// with the tile after.
struct TileSpan {
  int64_t begin = 0, end = 0;
  int64_t keep_begin = 0, keep_end = 0;
  int64_t fade_in = 0, fade_out = 0;
};

// Covers [0, length) with tiles of `core` latents that share `overlap` (at most core / 2). A tile
// that is not the first gets `context` more before it, which are not kept. The last tile reaches
// back so that it is as large as the others.
std::vector<TileSpan> plan_spans(int64_t length, int64_t core, int64_t overlap, int64_t context);

// The same tile as positions in the input and output of the VAE.
struct TileCut {
  int64_t in_begin = 0, in_count = 0;  // what the VAE sees
  int64_t skip = 0;                    // outputs of the tile that are not kept
  int64_t out_begin = 0, out_count = 0;
  int64_t fade_in = 0, fade_out = 0;
};

// How one axis of pixels maps to latents.
struct TileAxis {
  int64_t stride = 1;
  // The first latent of a clip (and of a tile) stands for one frame, each further for `stride`.
  bool is_time = false;

  // First pixel that latent `latent` stands for (of the clip, not of a tile).
  int64_t edge(int64_t latent) const {
    return is_time && latent > 0 ? (latent - 1) * stride + 1 : latent * stride;
  }
};
std::vector<TileCut> cuts_for_decoding(const std::vector<TileSpan>& spans, const TileAxis& axis);
std::vector<TileCut> cuts_for_encoding(const std::vector<TileSpan>& spans, const TileAxis& axis);

// Weight of each kept output [out_count]: rises as k / fade_in, falls as 1 - k / fade_out, so that
// the weights of neighbours sum to 1.
at::Tensor blend_weights(const TileCut& cut);

}  // namespace sana::model
