#include "model/causal_state.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "support/catch.h"
#include "support/tensors.h"
#include "unit/model/tiny_sana_video.h"

namespace {

using sana::model::CausalState;
using sana::model::SanaVideo;
using sana_test::ContainsSubstring;
using sana_test::max_difference;
using sana_test::random_model;

// Six latent frames and their conditions.
struct LongClip {
  at::Tensor latents = at::randn({2, 4, 6, 4, 6});
  at::Tensor timestep = at::tensor({400.0f, 900.0f});
  at::Tensor text = at::randn({2, 5, 10});
  at::Tensor mask = at::tensor({1, 1, 1, 0, 0, 1, 1, 1, 1, 1}, at::kLong).view({2, 5});

  at::Tensor frames(int64_t first, int64_t count) const { return latents.narrow(2, first, count); }
};

CausalState contribution(SanaVideo& model, const LongClip& in, const at::Tensor& latents,
                         const CausalState& committed) {
  return model->block_contribution(latents, at::zeros({2}), in.text, in.mask, committed);
}

double relative(const at::Tensor& a, const at::Tensor& b) {
  return max_difference(a, b) / b.abs().max().item<double>();
}

}  // namespace

TEST_CASE("one block of all frames with nothing committed is the bidirectional model", "[model]") {
  SanaVideo model = random_model();
  const LongClip in;
  const at::Tensor whole = model->forward(in.latents, in.timestep, in.text, in.mask);
  CHECK(at::equal(model->forward_block(in.latents, in.timestep, in.text, in.mask, {}), whole));
}

TEST_CASE("a block sees what is committed and not what comes later", "[model]") {
  SanaVideo model = random_model();
  const LongClip in;
  const at::Tensor whole = model->forward(in.latents, in.timestep, in.text, in.mask);
  const at::Tensor alone = model->forward_block(in.frames(0, 3), in.timestep, in.text, in.mask, {});
  CHECK(relative(alone, whole.narrow(2, 0, 3)) > 1e-3);

  CausalState state;
  state.commit(contribution(model, in, in.frames(0, 3), state));
  CHECK(state.frames == 3);
  const at::Tensor second =
      model->forward_block(in.frames(3, 3), in.timestep, in.text, in.mask, state);
  const at::Tensor forgetful =
      model->forward_block(in.frames(3, 3), in.timestep, in.text, in.mask, {});
  CHECK(relative(second, forgetful) > 1e-3);
}

TEST_CASE("the temporal convolution of a block goes on from the tail", "[model]") {
  at::manual_seed(5);
  sana::model::TemporalConv conv(4);
  at::NoGradGuard no_grad;
  conv->parameters().front().normal_();
  const at::Tensor clip = at::randn({2, 5, 6, 4});  // [B, T, M, D]
  const at::Tensor tail = clip.narrow(1, 1, 1).permute({0, 3, 1, 2});
  const at::Tensor later = clip.narrow(1, 2, 3), whole = conv(clip);
  CHECK(max_difference(conv(later, tail), whole.narrow(1, 2, 3)) < 1e-5);
  CHECK(max_difference(conv(later), whole.narrow(1, 2, 3)) > 1e-2);
  const at::Tensor single = clip.narrow(1, 4, 1);  // a block of one frame
  const at::Tensor before = clip.narrow(1, 3, 1).permute({0, 3, 1, 2});
  CHECK(max_difference(conv(single, before), whole.narrow(1, 4, 1)) < 1e-5);
}

TEST_CASE("denoising a block changes nothing that is committed", "[model]") {
  SanaVideo model = random_model();
  const LongClip in;
  CausalState state;
  state.commit(contribution(model, in, in.frames(0, 2), state));
  std::vector<at::Tensor> before;
  for (const auto& block : state.blocks) {
    for (const auto& t : {block.sums.s, block.sums.z, block.tail}) before.push_back(t.clone());
  }
  const auto run = [&] {
    return model->forward_block(in.frames(2, 2), in.timestep, in.text, in.mask, state);
  };
  const at::Tensor first = run();
  CHECK(at::equal(first, run()));
  contribution(model, in, in.frames(2, 2), state);
  CHECK(state.frames == 2);
  size_t i = 0;
  for (const auto& block : state.blocks) {
    for (const auto& t : {block.sums.s, block.sums.z, block.tail}) {
      CHECK(at::equal(t, before[i++]));
    }
  }
}

TEST_CASE("a copy of the state taken before a block leads back there", "[model]") {
  SanaVideo model = random_model();
  const LongClip in;
  CausalState state;
  state.commit(contribution(model, in, in.frames(0, 2), state));
  const CausalState before = state;
  const auto next = [&](const CausalState& from) {
    return model->forward_block(in.frames(2, 2), in.timestep, in.text, in.mask, from);
  };
  const at::Tensor expected = next(before);
  state.commit(contribution(model, in, in.frames(2, 2), state));
  CHECK(at::equal(next(before), expected));
  CHECK(relative(next(state), expected) > 1e-3);
}

TEST_CASE("the state keeps its size however long the video gets", "[model]") {
  SanaVideo model = random_model();
  const LongClip in;
  CausalState state;
  CHECK(state.bytes() == 0);
  std::vector<int64_t> sizes;
  for (int64_t block = 0; block < 12; ++block) {
    const at::Tensor latents = in.frames(block % 3, 1 + block % 3);
    state.commit(contribution(model, in, latents, state));
    sizes.push_back(state.bytes());
  }
  CHECK(state.frames == 24);
  // Per layer and sample: S 2 heads x 12 x 12, z 2 x 12, tail 24 channels of 2 x 3 tokens.
  const int64_t expected = 2 * 2 * 4 * (2 * 12 * 12 + 2 * 12 + 24 * 6);
  for (const int64_t size : sizes) CHECK(size == expected);
}

TEST_CASE("gradient checkpointing changes no gradient of a block-causal pass", "[model]") {
  const LongClip in;
  std::vector<at::Tensor> gradients[2];
  for (const bool checkpointed : {false, true}) {
    SanaVideo model = random_model();
    model->set_gradient_checkpointing(checkpointed);
    at::Tensor loss;
    {
      CausalState state;
      state.commit(contribution(model, in, in.frames(0, 2), state));
      loss = model->forward_block(in.frames(2, 2), in.timestep, in.text, in.mask, state)
                 .square()
                 .mean();
    }
    loss.backward();  // the state is gone by now; what the recomputation needs of it is kept
    for (const at::Tensor& p : model->parameters()) gradients[checkpointed].push_back(p.grad());
  }
  for (size_t i = 0; i < gradients[0].size(); ++i) {
    REQUIRE(gradients[0][i].defined());
    REQUIRE(gradients[1][i].defined());
    const double scale = 1.0 + gradients[0][i].abs().max().item<double>();
    CHECK(max_difference(gradients[0][i], gradients[1][i]) < 1e-6 * scale);
  }
}

TEST_CASE("a state of other sizes is refused with both sizes", "[model]") {
  SanaVideo model = random_model();
  const LongClip in;
  CausalState state;
  state.commit(contribution(model, in, in.frames(0, 2), state));
  const at::Tensor wider = at::zeros({2, 4, 2, 4, 8});
  CHECK_THROWS_WITH(model->forward_block(wider, in.timestep, in.text, in.mask, state),
                    ContainsSubstring("[2, 24, 1, 6]") && ContainsSubstring("H'W'=8"));
  CausalState other;
  other.commit(contribution(model, in, wider, other));
  CHECK_THROWS_WITH(state.commit(other), ContainsSubstring("[2, 24, 1, 8]"));
  CHECK(state.frames == 2);
  state.blocks.pop_back();
  CHECK_THROWS_WITH(model->forward_block(in.frames(2, 2), in.timestep, in.text, in.mask, state),
                    ContainsSubstring("1 transformer blocks, the model has 2"));
}
