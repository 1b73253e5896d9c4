#include "core/memory/flops.h"

#include <ATen/ATen.h>

#include "support/catch.h"

namespace {
using sana::count_flops;

at::Tensor zeros(at::IntArrayRef sizes, c10::Device device) {
  return at::zeros(sizes, at::TensorOptions().device(device));
}

TEST_CASE("products, convolutions and attentions are counted from their shapes", "[core][flops]") {
  const at::NoGradGuard no_grad;
  for (const c10::Device device : {c10::Device(c10::kCPU), c10::Device(c10::kMeta)}) {
    INFO(device);
    const auto t = [&](at::IntArrayRef sizes) { return zeros(sizes, device); };
    CHECK(count_flops([&] { t({3, 4}).add(1).relu(); }) == 0);
    CHECK(count_flops([&] { at::matmul(t({3, 4}), t({4, 5})); }) == 2 * 3 * 4 * 5);
    CHECK(count_flops([&] { at::matmul(t({7, 3, 4}), t({7, 4, 5})); }) == 2 * 7 * 3 * 4 * 5);
    CHECK(count_flops([&] { at::linear(t({2, 3, 4}), t({5, 4}), t({5})); }) == 2 * 6 * 4 * 5);
    // 8 x 8 outputs of 6 channels, each of 4 channels and 9 taps; then every second place; then
    // channel by channel.
    CHECK(count_flops([&] {
            at::conv2d(t({2, 4, 8, 8}), t({6, 4, 3, 3}), {}, 1, 1);
          }) == 2 * 2 * 64 * 6 * 4 * 9);
    CHECK(count_flops([&] {
            at::conv2d(t({2, 4, 8, 8}), t({6, 4, 3, 3}), {}, 2, 1);
          }) == 2 * 2 * 16 * 6 * 4 * 9);
    CHECK(count_flops([&] {
            at::conv2d(t({2, 4, 8, 8}), t({4, 1, 3, 3}), {}, 1, 1, 1, 4);
          }) == 2 * 2 * 64 * 4 * 9);
    CHECK(count_flops([&] {
            at::conv3d(t({1, 4, 5, 8, 8}), t({6, 4, 3, 1, 1}), {}, 1, {1, 0, 0});
          }) == 2 * 5 * 64 * 6 * 4 * 3);
    const int64_t attended = count_flops([&] {
      at::scaled_dot_product_attention(t({2, 3, 10, 8}), t({2, 3, 6, 8}), t({2, 3, 6, 8}));
    });
    // Where its products are seen one by one, they are not counted twice.
    CHECK(attended == 2 * 2 * (2 * 3 * 10 * 6 * 8));
  }
}

TEST_CASE("counts can stand in one another", "[core][flops]") {
  int64_t inner = 0;
  const auto product = [] { at::mm(at::zeros({2, 3}), at::zeros({3, 4})); };
  const int64_t outer = count_flops([&] {
    product();
    inner = count_flops(product);
  });
  CHECK(inner == 2 * 2 * 3 * 4);
  CHECK(outer == 2 * inner);
}

}  // namespace
