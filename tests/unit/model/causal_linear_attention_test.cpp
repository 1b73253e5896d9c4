#include "model/causal_linear_attention.h"

#include <ATen/ATen.h>

#include "model/rotary_embedding.h"
#include "support/catch.h"
#include "support/tensors.h"

namespace {

using sana::model::AttentionSums;
using sana::model::block_causal_linear_attention;
using sana::model::Grid;
using sana_test::max_difference;

constexpr int64_t kHeadDim = 14;
const Grid kClip{7, 2, 3};

// Queries, keys and values of a clip, [2, N, 3, d].
struct Clip {
  at::Tensor q = at::relu(at::randn({2, kClip.tokens(), 3, kHeadDim}));
  at::Tensor k = at::relu(at::randn({2, kClip.tokens(), 3, kHeadDim}));
  at::Tensor v = at::randn({2, kClip.tokens(), 3, kHeadDim});
};

// Runs the clip in blocks of frames that start at `cuts`, carrying the sums.
at::Tensor in_blocks(const Clip& clip, const std::vector<int64_t>& cuts, AttentionSums& past) {
  std::vector<at::Tensor> outputs;
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    const int64_t frames = cuts[i + 1] - cuts[i], pixels = kClip.tokens_per_frame();
    const auto block = [&](const at::Tensor& t) {
      return t.narrow(1, cuts[i] * pixels, frames * pixels);
    };
    const at::Tensor phases =
        sana::model::rotary_phases({frames, 2, 3}, kHeadDim, cuts[i], at::kCPU);
    AttentionSums own;
    outputs.push_back(block_causal_linear_attention(block(clip.q), block(clip.k), block(clip.v),
                                                    phases, 1e-8, past, &own));
    past = past.z.defined() ? AttentionSums{past.s + own.s, past.z + own.z} : own;
  }
  return at::cat(outputs, 1);
}

// The same as one N x N matrix in float64 with a block-causal mask [N, N].
at::Tensor masked_attention(const Clip& clip, const at::Tensor& mask) {
  const at::Tensor phases = sana::model::rotary_phases(kClip, kHeadDim, 0, at::kCPU);
  const auto rotate = [&](const at::Tensor& x) {
    return sana::model::apply_rotary(x, phases).to(at::kDouble);
  };
  const at::Tensor rotated = at::einsum("bnad,bmad->banm", {rotate(clip.q), rotate(clip.k)});
  const at::Tensor plain =
      at::einsum("bnad,bmad->banm", {clip.q.to(at::kDouble), clip.k.to(at::kDouble)});
  const at::Tensor weights = (rotated * mask) / ((plain * mask).sum(-1, /*keepdim=*/true) + 1e-8);
  return at::einsum("banm,bmad->bnad", {weights, clip.v.to(at::kDouble)});
}

at::Tensor block_causal_mask(const std::vector<int64_t>& cuts) {
  at::Tensor mask = at::zeros({kClip.tokens(), kClip.tokens()}, at::kDouble);
  const int64_t pixels = kClip.tokens_per_frame();
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    mask.narrow(0, cuts[i] * pixels, (cuts[i + 1] - cuts[i]) * pixels)
        .narrow(1, 0, cuts[i + 1] * pixels)
        .fill_(1.0);
  }
  return mask;
}

}  // namespace

TEST_CASE("carried sums equal a block-causal mask on the full matrix in float64", "[model]") {
  at::manual_seed(0);
  const Clip clip;
  const auto cuts = GENERATE(std::vector<int64_t>{0, 7}, std::vector<int64_t>{0, 3, 5, 7},
                             std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7});
  AttentionSums past;
  const at::Tensor ours = in_blocks(clip, cuts, past);
  const at::Tensor exact = masked_attention(clip, block_causal_mask(cuts));
  const double largest = exact.abs().max().item<double>();
  CHECK(max_difference(ours.to(at::kDouble), exact) < 2e-5 * largest);
  // The check above can fail: without the mask the result is another.
  if (cuts.size() > 2) {
    const at::Tensor unmasked = masked_attention(clip, at::ones_like(block_causal_mask(cuts)));
    CHECK(max_difference(ours.to(at::kDouble), unmasked) > 1e-2 * largest);
  }
}

TEST_CASE("sums of the blocks of a clip add up to the sums of the clip", "[model]") {
  at::manual_seed(1);
  const Clip clip;
  AttentionSums carried;
  in_blocks(clip, {0, 2, 3, 7}, carried);
  const AttentionSums whole = sana::model::attention_sums(
      clip.k, clip.v, sana::model::rotary_phases(kClip, kHeadDim, 0, at::kCPU));
  CHECK(max_difference(carried.s, whole.s) < 1e-4);
  CHECK(max_difference(carried.z, whole.z) < 1e-4);
}

TEST_CASE("carried sums stay in float32 when the activations are bfloat16", "[model]") {
  at::manual_seed(2);
  Clip clip;
  for (at::Tensor* t : {&clip.q, &clip.k, &clip.v}) *t = t->to(at::kBFloat16);
  AttentionSums past;
  CHECK(in_blocks(clip, {0, 4, 7}, past).dtype() == at::kBFloat16);
  CHECK(past.s.dtype() == at::kFloat);
  CHECK(past.z.dtype() == at::kFloat);
}
