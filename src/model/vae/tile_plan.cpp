#include "model/vae/tile_plan.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace sana::model {

std::vector<TileSpan> plan_spans(int64_t length, int64_t core, int64_t overlap, int64_t context) {
  const int64_t tile = std::min(length, core + context);
  std::vector<TileSpan> spans = {{0, tile, 0, tile, 0, 0}};
  while (spans.back().end < length) {
    TileSpan& before = spans.back();
    before.fade_out = overlap;
    TileSpan next;
    next.keep_begin = before.keep_end - overlap;
    next.begin = std::min(next.keep_begin - context, length - tile);
    next.end = next.keep_end = next.begin + tile;
    next.fade_in = overlap;
    spans.push_back(next);
  }
  return spans;
}

std::vector<TileCut> cuts_for_decoding(const std::vector<TileSpan>& spans, const TileAxis& axis) {
  std::vector<TileCut> cuts;
  for (const TileSpan& span : spans) {
    TileCut cut;
    cut.in_begin = span.begin;
    cut.in_count = span.end - span.begin;
    cut.out_begin = axis.edge(span.keep_begin);
    cut.out_count = axis.edge(span.keep_end) - cut.out_begin;
    // The first output of a tile is pixel stride * begin on either kind of axis: in time it stands
    // for the last of the frames that this latent stands for within the clip.
    cut.skip = cut.out_begin - axis.stride * span.begin;
    cut.fade_in = axis.stride * span.fade_in;
    cut.fade_out = axis.stride * span.fade_out;
    cuts.push_back(cut);
  }
  return cuts;
}

std::vector<TileCut> cuts_for_encoding(const std::vector<TileSpan>& spans, const TileAxis& axis) {
  std::vector<TileCut> cuts;
  for (const TileSpan& span : spans) {
    TileCut cut;
    cut.in_begin = axis.stride * span.begin;
    cut.in_count = axis.edge(span.end - span.begin);
    cut.skip = span.keep_begin - span.begin;
    cut.out_begin = span.keep_begin;
    cut.out_count = span.keep_end - span.keep_begin;
    cut.fade_in = span.fade_in;
    cut.fade_out = span.fade_out;
    cuts.push_back(cut);
  }
  return cuts;
}

at::Tensor blend_weights(const TileCut& cut) {
  at::Tensor weights = at::ones({cut.out_count});
  if (cut.fade_in > 0) {
    weights.narrow(0, 0, cut.fade_in).mul_(at::arange(cut.fade_in) / double(cut.fade_in));
  }
  if (cut.fade_out > 0) {
    weights.narrow(0, cut.out_count - cut.fade_out, cut.fade_out)
        .mul_(1.0 - at::arange(cut.fade_out) / double(cut.fade_out));
  }
  return weights;
}

}  // namespace sana::model
