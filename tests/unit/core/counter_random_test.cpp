#include "core/counter_random.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "core/device.h"
#include "support/catch.h"
#include "support/skip.h"

namespace sana {
namespace {

TEST_CASE("Philox gives the published words", "[random]") {
  // Known answers of the authors' Random123, philox4x32-10.
  CHECK(philox({0, 0, 0, 0}, 0) == PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const uint32_t ones = 0xffffffff;
  CHECK(philox({ones, ones, ones, ones}, ~uint64_t(0)) ==
        PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822) ==
        PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("noise belongs to its sample and frame, whoever draws it", "[random]") {
  const RandomStream stream = StepRandom(3, 17).stream("noise");
  const NoiseShape whole = {3, 5, 3, 7};
  const at::Tensor all = stream.noise(0, 4, whole, c10::kCPU);
  CHECK(all.sizes() == at::IntArrayRef{4, 3, 5, 3, 7});
  // Cut by samples, as processes do, and by frames.
  CHECK(at::equal(all.narrow(0, 2, 2), stream.noise(2, 2, whole, c10::kCPU)));
  const NoiseShape tail = {3, 2, 3, 7, /*first_frame=*/3};
  CHECK(at::equal(all.narrow(2, 3, 2), stream.noise(0, 4, tail, c10::kCPU)));
  const NoiseShape longer = {3, 9, 3, 7};
  CHECK(at::equal(all, stream.noise(0, 4, longer, c10::kCPU).narrow(2, 0, 5)));
}

TEST_CASE("seed, purpose, step, sample, channel and frame each change the noise", "[random]") {
  const NoiseShape shape = {2, 2, 8, 8};
  const at::Tensor all = StepRandom(3, 17).stream("noise").noise(0, 2, shape, c10::kCPU);
  std::vector<at::Tensor> planes;
  for (const at::Tensor& other :
       {all, StepRandom(4, 17).stream("noise").noise(0, 2, shape, c10::kCPU),
        StepRandom(3, 18).stream("noise").noise(0, 2, shape, c10::kCPU),
        StepRandom(3, 17).stream("posterior").noise(0, 2, shape, c10::kCPU)}) {
    for (const at::Tensor& plane : other.reshape({8, 64}).unbind()) planes.push_back(plane);
  }
  const at::Tensor table = at::stack(planes);
  const at::Tensor equal = (table.unsqueeze(0) == table.unsqueeze(1)).all(2).sum();
  CHECK(equal.item<int64_t>() == int64_t(planes.size()));  // each with itself only
}

TEST_CASE("noise is normal: moments, tails, and no correlation of neighbours", "[random]") {
  const at::Tensor x =
      StepRandom(1, 0).stream("noise").noise(0, 8, {16, 8, 32, 32}, c10::kCPU).to(at::kDouble);
  const auto count = double(x.numel());
  CHECK(std::abs(x.mean().item<double>()) < 5 / std::sqrt(count));
  CHECK(std::abs(x.square().mean().item<double>() - 1) < 5 * std::sqrt(2 / count));
  CHECK(std::abs(x.pow(4).mean().item<double>() - 3) < 5 * std::sqrt(96 / count));
  const double beyond = (x.abs() > 3).to(at::kDouble).mean().item<double>();
  CHECK(std::abs(beyond - 0.0026998) < 5 * std::sqrt(0.0027 / count));
  CHECK(x.abs().max().item<double>() > 4.5);
  for (int64_t axis = 0; axis < 5; ++axis) {
    const int64_t n = x.size(axis) - 1;
    const double product = (x.narrow(axis, 0, n) * x.narrow(axis, 1, n)).mean().item<double>();
    CHECK(std::abs(product) < 5 / std::sqrt(count * double(n) / double(n + 1)));
  }
}

TEST_CASE("single draws: uniform, normal, and whole numbers below a bound", "[random]") {
  const RandomStream stream = StepRandom(9, 2).stream("dropout");
  double sum = 0, normal = 0, squares = 0;
  std::vector<int64_t> counts(7, 0);
  constexpr int64_t kDraws = 20000;
  for (int64_t i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(i);
    REQUIRE((u >= 0 && u < 1));
    sum += u;
    const double z = stream.normal(i, 1);
    normal += z;
    squares += z * z;
    ++counts.at(size_t(stream.below(7, i, 2)));
  }
  CHECK(std::abs(sum / kDraws - 0.5) < 0.01);
  CHECK(std::abs(normal / kDraws) < 0.04);
  CHECK(std::abs(squares / kDraws - 1) < 0.05);
  for (const int64_t count : counts) CHECK(std::abs(double(count) - kDraws / 7.0) < 300);
  CHECK(stream.uniform(5) == stream.uniform(5));
  CHECK(stream.uniform(5) != stream.uniform(5, 1));
  CHECK(stream.uniform(5) != stream.uniform(6));
}

void check_devices_agree(c10::Device device) {
  for (const NoiseShape& shape : {NoiseShape{4, 3, 5, 7, 2}, NoiseShape{1, 1, 1, 1}}) {
    const NoiseBlock block = {0xfedcba9876543210, 12345, 678, 3, shape};
    const at::Tensor loop = noise_by_loop(block);
    const at::Tensor tensors = noise_by_tensors(block, device).cpu();
    CHECK(loop.sizes() == tensors.sizes());
    CHECK((loop - tensors).abs().max().item<double>() < 4e-6);
  }
}

TEST_CASE("noise by tensor operations is that of the loop", "[random]") {
  check_devices_agree(c10::kCPU);
}

TEST_CASE("noise on a GPU is that of the CPU", "[random][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  check_devices_agree(c10::kCUDA);
}

}  // namespace
}  // namespace sana
