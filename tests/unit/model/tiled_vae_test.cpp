#include "model/vae/tiled_vae.h"

#include <ATen/ATen.h>

#include "core/config/config.h"
#include "core/error.h"
#include "fake_vae.h"
#include "model/state_dict.h"
#include "model/vae/tile_plan.h"
#include "support/catch.h"
#include "support/tensors.h"
#include "support/tiny_vaes.h"

namespace {

using sana::model::decode_tiled;
using sana::model::encode_tiled;
using sana::model::FrameCoupling;
using sana::model::TilingConfig;
using sana_test::ContainsSubstring;
using sana_test::FakeVae;
using sana_test::max_difference;

TilingConfig tiles(int64_t height, int64_t width, int64_t overlap) {
  TilingConfig tiling;
  tiling.tile_height = height;
  tiling.tile_width = width;
  tiling.overlap = overlap;
  return tiling;
}

TilingConfig with_frames(TilingConfig tiling, int64_t frames, int64_t overlap) {
  tiling.tile_frames = frames;
  tiling.overlap_frames = overlap;
  return tiling;
}

double part_difference(const at::Tensor& a, const at::Tensor& b, int64_t axis, int64_t begin,
                       int64_t end) {
  return max_difference(a.slice(axis, begin, end), b.slice(axis, begin, end));
}

// The Wan VAE without its frame attention, whose receptive field is the whole frame.
sana::model::WanVae local_wan_vae() {
  at::NoGradGuard no_grad;
  sana::model::WanVae vae = sana_test::random_wan_vae();
  for (auto& [name, tensor] : sana::model::state_dict(*vae)) {
    if (name.find("attentions.0.proj") != std::string::npos) at::Tensor(tensor).zero_();
  }
  return vae;
}

}  // namespace

TEST_CASE("tiles cover an axis, and the weights of neighbours sum to one", "[model][tiling]") {
  const int64_t length = GENERATE(1, 5, 6, 7, 13, 40);
  const int64_t core = GENERATE(4, 5), overlap = GENERATE(0, 1, 2), context = GENERATE(0, 1);
  const auto spans = sana::model::plan_spans(length, core, overlap, context);
  for (const auto& span : spans) {
    CHECK(span.end - span.begin == std::min(length, core + context));
    CHECK((span.begin == 0 || span.keep_begin - span.begin >= context));
  }
  const sana::model::TileAxis axis{4, context == 1};
  at::Tensor sum = at::zeros({axis.edge(length)});
  for (const auto& cut : sana::model::cuts_for_decoding(spans, axis)) {
    sum.narrow(0, cut.out_begin, cut.out_count) += sana::model::blend_weights(cut);
  }
  CHECK(max_difference(sum, at::ones_like(sum)) < 1e-6);
}

TEST_CASE("a VAE that sees one latent only decodes and encodes in tiles as in one piece",
          "[model][tiling]") {
  at::manual_seed(1);
  const auto coupling =
      GENERATE(FrameCoupling::kStreamed, FrameCoupling::kWindow, FrameCoupling::kNone);
  FakeVae vae(coupling);
  const at::Tensor latents = at::randn({2, 1, 7, 9, 11});
  const at::Tensor whole = vae.decode(latents);
  // Of seven latent frames: all, two and the one before them, four.
  const int64_t seen = coupling == FrameCoupling::kStreamed ? 7
                       : coupling == FrameCoupling::kWindow ? 3
                                                            : 4;
  const TilingConfig tiling =
      with_frames(tiles(32, 48, 16), coupling == FrameCoupling::kNone ? 4 : 8, 4);
  vae.decoded.clear();
  const at::Tensor tiled = decode_tiled(vae, latents, tiling);
  CHECK(vae.decoded.size() > 1);
  CHECK(tiled.sizes() == whole.sizes());
  CHECK(max_difference(tiled, whole) < 1e-5);
  CHECK(max_difference(encode_tiled(vae, whole, tiling), latents) < 1e-5);
  for (const auto& shape : vae.decoded) CHECK(shape == std::vector<int64_t>{seen, 4, 6});
}

TEST_CASE("a constant stays constant across seams", "[model][tiling]") {
  FakeVae vae(FrameCoupling::kWindow);
  const at::Tensor pixels =
      decode_tiled(vae, at::full({1, 1, 9, 16, 16}, 0.7), with_frames(tiles(64, 64, 24), 16, 8));
  CHECK(max_difference(pixels, at::full_like(pixels, 0.7)) < 1e-6);
}

TEST_CASE("LTX-2 tiles equal the whole picture away from seams", "[model][tiling][ltx2]") {
  at::manual_seed(2);
  const auto vae = sana::model::make_video_vae(
      sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config()), at::kCPU, at::kFloat);
  // 12 latents a tile, the second from latent 8 on; a pixel sees less than 4 latents each way.
  const int64_t axis = GENERATE(3, 4);
  at::Tensor latents = at::randn({1, 4, 2, 20, 6});
  if (axis == 4) latents = latents.transpose(3, 4).contiguous();
  const at::Tensor whole = vae->decode(latents);
  const at::Tensor tiled = decode_tiled(*vae, latents, tiles(96, 96, 16));
  CHECK(part_difference(tiled, whole, axis, 0, 64) < 1e-5);
  CHECK(part_difference(tiled, whole, axis, 96, 160) < 1e-5);
  CHECK(part_difference(tiled, whole, axis, 64, 96) > 1e-4);
}

TEST_CASE("LTX-2 pieces in time equal the whole clip away from seams", "[model][tiling][ltx2]") {
  at::manual_seed(3);
  const auto vae = sana::model::make_video_vae(
      sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config()), at::kCPU, at::kFloat);
  const at::Tensor latents = at::randn({1, 4, 16, 2, 2});
  const at::Tensor whole = vae->decode(latents);
  TilingConfig tiling;
  tiling.tile_frames = 32;
  // Pieces are latents 0-8, 6-14 and 7-15; a frame sees less than 4 latents each way.
  const at::Tensor tiled = decode_tiled(*vae, latents, tiling);
  CHECK(tiled.sizes() == whole.sizes());
  CHECK(part_difference(tiled, whole, 2, 0, 17) < 1e-5);
  CHECK(part_difference(tiled, whole, 2, 37, 41) < 1e-5);
  CHECK(part_difference(tiled, whole, 2, 57, 61) < 1e-5);
  CHECK(part_difference(tiled, whole, 2, 17, 37) > 1e-4);
}

TEST_CASE("Wan tiles equal the whole picture away from seams, in both directions",
          "[model][tiling][vae]") {
  at::manual_seed(4);
  const auto vae = sana::model::make_video_vae(local_wan_vae(), at::kCPU, at::kFloat);
  // 36 latents a tile, the second from latent 12 on; a pixel sees less than 14 latents each way.
  const at::Tensor latents = at::randn({1, 3, 2, 3, 48});
  const at::Tensor whole = vae->decode(latents);
  const at::Tensor tiled = decode_tiled(*vae, latents, tiles(288, 288, 16));
  CHECK(part_difference(tiled, whole, 4, 0, 22 * 8) < 1e-5);
  CHECK(part_difference(tiled, whole, 4, 36 * 8, 48 * 8) < 1e-5);
  CHECK(part_difference(tiled, whole, 4, 22 * 8, 36 * 8) > 1e-5);
  const at::Tensor video = at::rand({1, 3, 5, 24, 384}) * 2 - 1;
  const at::Tensor encoded = encode_tiled(*vae, video, tiles(288, 288, 16));
  CHECK(part_difference(encoded, vae->encode(video), 4, 0, 22) < 1e-4);
  CHECK(part_difference(encoded, vae->encode(video), 4, 36, 48) < 1e-4);
}

TEST_CASE("tiles that do not fit the latents of a VAE are refused with the nearest sizes",
          "[model][tiling]") {
  FakeVae vae(FrameCoupling::kWindow);
  const at::Tensor latents = at::zeros({1, 1, 2, 4, 4});
  CHECK_THROWS_WITH(decode_tiled(vae, latents, tiles(100, 64, 16)),
                    ContainsSubstring("tile_height is 100") && ContainsSubstring("96 and 104"));
  CHECK_THROWS_WITH(decode_tiled(vae, latents, tiles(64, 64, 12)), ContainsSubstring("overlap is"));
  CHECK_THROWS_WITH(decode_tiled(vae, latents, tiles(64, 64, 40)),
                    ContainsSubstring("at least twice overlap (80)"));
  CHECK_THROWS_WITH(decode_tiled(vae, latents, with_frames({}, 10, 4)),
                    ContainsSubstring("tile_frames is 10") && ContainsSubstring("8 and 12"));
  CHECK_THROWS_WITH(decode_tiled(vae, at::zeros({1, 2, 2, 4, 4}), {}), ContainsSubstring("C=1"));
}

TEST_CASE("tiling is a section of YAML with checks of its own", "[model][tiling]") {
  const auto tiling = sana::config::load_text<TilingConfig>(
      "{tile_height: 512, tile_width: 512, tile_frames: null}", "tiling.yaml");
  CHECK(tiling.tile_height == 512);
  CHECK_FALSE(tiling.tile_frames.has_value());
  CHECK_THROWS_WITH(
      sana::config::load_text<TilingConfig>("{tile_width: 96, overlap: 64}", "t.yaml"),
      ContainsSubstring("tile_width"));
}

TEST_CASE("a tiled VAE is a VAE", "[model][tiling]") {
  const auto vae = sana::model::make_tiled_vae(std::make_unique<FakeVae>(FrameCoupling::kWindow),
                                               tiles(32, 32, 8));
  const at::Tensor latents = at::randn({1, 1, 2, 8, 8});
  CHECK(vae->identity() == "fake");
  CHECK(max_difference(vae->encode(vae->decode(latents)), latents) < 1e-5);
  CHECK_THROWS_WITH(sana::model::make_tiled_vae(std::make_unique<FakeVae>(FrameCoupling::kWindow),
                                                tiles(33, 32, 8)),
                    ContainsSubstring("tile_height"));
}
