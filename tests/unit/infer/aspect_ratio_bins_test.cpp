#include "infer/aspect_ratio_bins.h"

#include <ATen/ATen.h>

#include "support/catch.h"

using sana::infer::aspect_ratio_bins;
using sana::infer::AspectRatioBin;
using sana::infer::nearest_bin;
using sana::infer::resize_and_center_crop;

namespace {

std::pair<int64_t, int64_t> bin(bool is_video, int64_t sample_size, int64_t height, int64_t width) {
  const auto bins = aspect_ratio_bins(is_video, sample_size);
  const AspectRatioBin& nearest = nearest_bin(bins, height, width);
  return {nearest.height, nearest.width};
}

}  // namespace

TEST_CASE("the nearest ratio of the public tables is taken", "[infer]") {
  CHECK(bin(true, 30, 480, 832) == std::pair<int64_t, int64_t>(480, 832));
  CHECK(bin(true, 30, 720, 1280) == std::pair<int64_t, int64_t>(480, 832));
  CHECK(bin(true, 30, 100, 100) == std::pair<int64_t, int64_t>(624, 624));
  CHECK(bin(true, 22, 1920, 1080) == std::pair<int64_t, int64_t>(1280, 704));
  CHECK(bin(true, 22, 100, 1000) == std::pair<int64_t, int64_t>(672, 1344));
  CHECK(bin(false, 32, 1000, 1000) == std::pair<int64_t, int64_t>(1024, 1024));
  CHECK(bin(false, 16, 512, 1024) == std::pair<int64_t, int64_t>(352, 704));
  CHECK(bin(false, 128, 4096, 1000) == std::pair<int64_t, int64_t>(8192, 2048));
  CHECK(aspect_ratio_bins(true, 32).empty());
  CHECK(aspect_ratio_bins(false, 30).empty());
}

TEST_CASE("every bin has the ratio of its key", "[infer]") {
  for (const auto& [is_video, size] :
       {std::pair(true, 30), {true, 22}, {false, 16}, {false, 32}, {false, 64}, {false, 128}}) {
    for (const AspectRatioBin& b : aspect_ratio_bins(is_video, size)) {
      INFO(b.height << "x" << b.width);
      CHECK(std::abs(double(b.height) / double(b.width) - b.ratio) < 0.11);
      CHECK(b.height % 16 == 0);
      CHECK(b.width % 16 == 0);
    }
  }
}

TEST_CASE("the middle of the resized video is cut out", "[infer]") {
  const at::Tensor video = at::arange(16, at::kFloat).view({1, 1, 1, 2, 8});
  CHECK(resize_and_center_crop(video, 2, 8).data_ptr() == video.data_ptr());
  const at::Tensor narrow = resize_and_center_crop(video, 2, 4);
  CHECK(at::equal(narrow, video.narrow(4, 2, 4)));
  const at::Tensor larger = resize_and_center_crop(video, 4, 4);
  CHECK(larger.sizes() == at::IntArrayRef({1, 1, 1, 4, 4}));
  // Twice the size: columns 6..9 of 16, which lie at 2.75, 3.25, 3.75, 4.25 of the original.
  CHECK(at::allclose(larger[0][0][0][0], at::tensor({2.75f, 3.25f, 3.75f, 4.25f})));
  const at::Tensor two = at::cat({video, video + 100}, 2);
  CHECK(at::allclose(resize_and_center_crop(two, 4, 4)[0][0][1], larger[0][0][0] + 100));
}
