#include "model/vae/decode_fallback.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "fake_vae.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/tensors.h"

namespace {

using sana::model::FrameCoupling;
using sana::model::TilingConfig;
using sana_test::contains;
using sana_test::FakeVae;

struct Attempt {
  at::Tensor pixels;
  std::vector<std::string> warnings;
};

Attempt decode(FakeVae& vae, const at::Tensor& latents) {
  TilingConfig tiling;
  tiling.overlap = 8;
  tiling.overlap_frames = 4;
  Attempt attempt;
  attempt.pixels = sana::model::decode_with_fallback(
      vae, latents, tiling, [&](const std::string& text) { attempt.warnings.push_back(text); });
  return attempt;
}

}  // namespace

TEST_CASE("out of memory halves the larger side of the tile until it fits", "[model][tiling]") {
  at::manual_seed(1);
  FakeVae vae(FrameCoupling::kStreamed);
  const at::Tensor latents = at::randn({1, 1, 3, 12, 20});
  const at::Tensor whole = vae.decode(latents);
  vae.decoded.clear();
  vae.room = 3 * 6 * 10;
  const Attempt attempt = decode(vae, latents);
  CHECK(sana_test::max_difference(attempt.pixels, whole) < 1e-5);
  REQUIRE(attempt.warnings.size() == 2);
  CHECK(contains(attempt.warnings[0], "9 frames of 96x160 pixels"));
  CHECK(contains(attempt.warnings[0], "9 frames of 96x80 pixels"));
  CHECK(contains(attempt.warnings[1], "9 frames of 48x80 pixels"));
  CHECK(vae.decoded.back() == std::vector<int64_t>{3, 6, 10});
}

TEST_CASE("frames on their own are halved before the picture, those of a window after it",
          "[model][tiling]") {
  FakeVae alone(FrameCoupling::kNone);
  alone.room = 16 * 16;
  decode(alone, at::randn({1, 1, 7, 16, 16}));
  CHECK(alone.decoded.back() == std::vector<int64_t>{1, 16, 16});
  FakeVae window(FrameCoupling::kWindow);
  window.room = 5 * 4 * 4;
  decode(window, at::randn({1, 1, 9, 16, 16}));
  CHECK(window.decoded.back() == std::vector<int64_t>{5, 4, 4});
}

TEST_CASE("when the smallest tile does not fit, the error says what to do", "[model][tiling]") {
  FakeVae vae(FrameCoupling::kWindow);
  vae.room = 1;
  const std::string message = sana_test::message_of<sana::EnvironmentError>([&] {
    decode(vae, at::randn({1, 1, 9, 16, 16}));
  });
  CHECK(contains(message, "16 frames of 32x32 pixels"));
  CHECK(contains(message, "--device cpu"));
}

TEST_CASE("other errors of a VAE are not taken for a full GPU", "[model][tiling]") {
  FakeVae vae(FrameCoupling::kWindow);
  CHECK_THROWS_AS(decode(vae, at::zeros({1, 2, 1, 4, 4})), sana::UserError);
}
