#include "model/linear_attention.h"

#include <ATen/ATen.h>

#include "model/rotary_embedding.h"
#include "support/catch.h"

namespace {

using sana::model::Grid;

// The same attention as an explicit N x N matrix in float64:
// w_ij = rope(q_i).rope(k_j), o_i = sum_j w_ij v_j / (sum_j q_i.k_j + eps).
at::Tensor quadratic_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& phases, double eps) {
  const auto rotate = [&](const at::Tensor& x) {
    const at::Tensor pairs = at::view_as_complex(x.to(at::kDouble).unflatten(-1, {-1, 2}));
    return at::view_as_real(pairs * phases.unsqueeze(1)).flatten(-2);
  };
  const at::Tensor numerator = at::einsum("bnad,bmad->banm", {rotate(q), rotate(k)});
  const at::Tensor denominator =
      at::einsum("bnad,bmad->ban", {q.to(at::kDouble), k.to(at::kDouble)}) + eps;
  return at::einsum("banm,bmad->bnad", {numerator / denominator.unsqueeze(-1), v.to(at::kDouble)});
}

}  // namespace

TEST_CASE("linear attention equals its quadratic form in float64", "[model]") {
  const Grid grid = GENERATE(Grid{1, 1, 1}, Grid{3, 2, 5}, Grid{1, 7, 11}, Grid{4, 4, 4});
  at::manual_seed(0);
  const at::Tensor q = at::relu(at::randn({2, grid.tokens(), 3, 14}));
  const at::Tensor k = at::relu(at::randn({2, grid.tokens(), 3, 14}));
  const at::Tensor v = at::randn({2, grid.tokens(), 3, 14});
  const at::Tensor phases = sana::model::rotary_phases(grid, 14, 0, at::kCPU);
  const at::Tensor ours = sana::model::relu_linear_attention(q, k, v, phases, 1e-15);
  const at::Tensor exact = quadratic_attention(q, k, v, phases, 1e-15);
  const double error = (ours.to(at::kDouble) - exact).abs().max().item<double>();
  CHECK(error < 2e-5 * exact.abs().max().item<double>());
}

TEST_CASE("a query without positive channels gives zero, not NaN", "[model]") {
  const at::Tensor zero = at::zeros({1, 4, 1, 6});
  const at::Tensor phases = sana::model::rotary_phases({1, 2, 2}, 6, 0, at::kCPU);
  const at::Tensor out = sana::model::relu_linear_attention(zero, at::ones({1, 4, 1, 6}),
                                                            at::ones({1, 4, 1, 6}), phases, 1e-15);
  CHECK(out.abs().max().item<double>() == 0.0);
}

TEST_CASE("sums over tokens stay in float32 when the activations are bfloat16", "[model]") {
  // 4096 equal keys: a bfloat16 running sum would stop growing at 256.
  const int64_t tokens = 4096;
  const at::Tensor ones = at::ones({1, tokens, 1, 6}, at::kBFloat16);
  const at::Tensor phases = sana::model::rotary_phases({1, 64, 64}, 6, 0, at::kCPU);
  const at::Tensor still = at::ones_like(phases);  // no rotation: the average of v is expected
  const at::Tensor out = sana::model::relu_linear_attention(ones, ones, ones, still, 1e-15);
  CHECK(out.dtype() == at::kBFloat16);
  CHECK((out.to(at::kFloat) - 1.0).abs().max().item<double>() < 1e-2);
}

TEST_CASE("rotary channels: frames get what rows and columns leave", "[model]") {
  CHECK(sana::model::rotary_channels(112) == std::array<int64_t, 3>{40, 36, 36});
  CHECK(sana::model::rotary_channels(28) == std::array<int64_t, 3>{12, 8, 8});
}

TEST_CASE("rotary phases continue where an earlier block of frames ended", "[model]") {
  const at::Tensor whole = sana::model::rotary_phases({5, 2, 3}, 28, 0, at::kCPU);
  const at::Tensor later = sana::model::rotary_phases({2, 2, 3}, 28, 3, at::kCPU);
  CHECK(at::equal(whole.narrow(0, 3 * 6, 2 * 6), later));
}

TEST_CASE("cached phases of a grid stay where they are when other grids follow", "[model]") {
  sana::model::RotaryCache cache;
  const auto phases = [&](int64_t frames, int64_t first) {
    return cache.phases({frames, 2, 3}, 28, first, at::kCPU);
  };
  const void* clip = phases(5, 0).const_data_ptr();
  const void* image = phases(1, 0).const_data_ptr();
  CHECK(at::equal(phases(5, 2), sana::model::rotary_phases({5, 2, 3}, 28, 2, at::kCPU)));
  CHECK(at::equal(phases(5, 7), sana::model::rotary_phases({5, 2, 3}, 28, 7, at::kCPU)));
  CHECK(phases(5, 0).const_data_ptr() == clip);
  CHECK(phases(1, 0).const_data_ptr() == image);
  CHECK(at::equal(phases(5, 0), sana::model::rotary_phases({5, 2, 3}, 28, 0, at::kCPU)));
}

TEST_CASE("rotation depends on the distance of two tokens only", "[model]") {
  const at::Tensor phases = sana::model::rotary_phases({8, 1, 1}, 12, 0, at::kCPU);
  at::manual_seed(1);
  const at::Tensor a = at::randn({12}), b = at::randn({12});
  const at::Tensor ra = sana::model::apply_rotary(a.expand({1, 8, 1, 12}).contiguous(), phases)[0];
  const at::Tensor rb = sana::model::apply_rotary(b.expand({1, 8, 1, 12}).contiguous(), phases)[0];
  const double near = (ra[1] * rb[3]).sum().item<double>();
  const double far = (ra[5] * rb[7]).sum().item<double>();
  CHECK(near == sana_test::Approx(far).margin(1e-5));
  CHECK(near != sana_test::Approx((ra[1] * rb[4]).sum().item<double>()).margin(1e-5));
}
