// Shuffling and convolution of volumes, against PyTorch's own.
#include <ATen/ATen.h>

#include "model/vae/same_conv3d.h"
#include "model/vae/shuffle.h"
#include "support/catch.h"
#include "support/tensors.h"

using sana_test::max_difference;

TEST_CASE("images are shuffled as PyTorch shuffles them", "[model][vae]") {
  const at::Tensor x = at::randn({2, 8, 4, 6});
  CHECK(at::equal(sana::model::image_unshuffle(x), at::pixel_unshuffle(x, 2)));
  CHECK(at::equal(sana::model::image_shuffle(x), at::pixel_shuffle(x, 2)));
}

TEST_CASE("channels of unshuffled volumes count frames, then rows, then columns", "[model][vae]") {
  const at::Tensor x = at::randn({1, 3, 8, 4, 6});
  const at::Tensor folded = sana::model::volume_unshuffle(x, 2, 4);
  REQUIRE(folded.sizes() == at::IntArrayRef({1, 48, 2, 2, 3}));
  const int64_t channel = ((2 * 4 + 3) * 2 + 0) * 2 + 1;  // channel 2, frame 3, row 0, column 1
  CHECK(at::equal(folded[0][channel][1][1][2], x[0][2][4 + 3][2 + 0][4 + 1]));
  CHECK(at::equal(sana::model::volume_shuffle(folded, 2, 4), x));
}

TEST_CASE("shortcuts average and repeat neighbouring channels", "[model][vae]") {
  const at::Tensor x = at::arange(4, at::kFloat).view({1, 4, 1, 1});
  CHECK(at::equal(sana::model::average_channels(x, 2).flatten(), at::tensor({0.5f, 2.5f})));
  const at::Tensor repeated = sana::model::repeat_channels(x, 8).flatten();
  CHECK(at::equal(repeated, at::arange(8).div(2, "floor").to(at::kFloat)));
}

TEST_CASE("the convolution of volumes is PyTorch's, in pieces too", "[model][vae]") {
  at::manual_seed(31);
  const int64_t frames = GENERATE(1, 2, 7);
  const at::Tensor x = at::randn({2, 4, frames, 5, 6});
  const at::Tensor weight = at::randn({3, 4, 3, 3, 3}), bias = at::randn({3});
  const at::Tensor expected = at::conv3d(x, weight, bias, 1, 1);
  CHECK(max_difference(sana::model::same_conv3d(x, weight, bias), expected) < 1e-4);
  const int64_t per_frame = 2 * 4 * 5 * 6;
  for (const int64_t most : {int64_t(1), 3 * per_frame, 4 * per_frame, 6 * per_frame}) {
    CHECK(max_difference(sana::model::same_conv3d(x, weight, bias, most), expected) < 1e-4);
  }
}
