// Frames of a clip on several processes: the model computes what it computes of the whole clip.
#include "model/frame_part.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <map>
#include <string>
#include <vector>

#include "core/distributed/thread_world.h"
#include "support/catch.h"
#include "support/tensors.h"
#include "unit/model/tiny_sana_video.h"

namespace {
using namespace sana;
using model::FramePart;
using model::FrameRange;
using model::SanaVideo;
using sana_test::max_difference;

struct LearntClip {
  at::Tensor latents, timestep, text, mask, target;
};

LearntClip learnt_clip(int64_t frames) {
  at::manual_seed(11);
  LearntClip clip;
  clip.latents = at::randn({2, 4, frames, 4, 6});
  clip.target = at::randn({2, 4, frames, 4, 6});
  clip.timestep = at::rand({2, frames}) * 1000;
  clip.text = at::randn({2, 5, 10});
  clip.mask = at::tensor({1, 1, 1, 0, 0, 1, 1, 1, 1, 1}, at::kLong).view({2, 5});
  return clip;
}

// A copy for each member, since gradients are kept in it.
SanaVideo same_model(const SanaVideo& model, bool recomputed) {
  SanaVideo copy(model->config());
  const at::NoGradGuard no_grad;
  auto parameters = copy->named_parameters();
  for (const auto& item : model->named_parameters()) parameters[item.key()].copy_(item.value());
  copy->set_gradient_checkpointing(recomputed);
  return copy;
}

struct PassResult {
  at::Tensor velocity;
  std::map<std::string, at::Tensor> gradients;  // of the squared error of these frames
};

PassResult run_part(SanaVideo model, const LearntClip& clip, const FramePart& part,
                    const FrameRange& range) {
  const auto cut = [&](const at::Tensor& x) { return x.narrow(2, range.first, range.count); };
  PassResult result;
  result.velocity =
      model->forward_part(cut(clip.latents), clip.timestep.narrow(1, range.first, range.count),
                          clip.text, clip.mask, part);
  (result.velocity - cut(clip.target)).square().sum().backward();
  for (const auto& item : model->named_parameters()) {
    result.gradients[item.key()] = item.value().grad().clone();
  }
  return result;
}

// As a group; the frames together and the gradients summed.
PassResult run_shared(const SanaVideo& model, const LearntClip& clip, int64_t members,
                      bool recomputed) {
  std::vector<PassResult> results{size_t(members)};
  std::vector<SanaVideo> models;
  for (int64_t i = 0; i < members; ++i) models.push_back(same_model(model, recomputed));
  ThreadWorld(members).run([&](Communicator& group) {
    at::set_num_threads(1);
    const FrameRange range =
        model::frames_of_member(clip.latents.size(2), group.rank(), group.size());
    results[size_t(group.rank())] =
        run_part(models[size_t(group.rank())], clip, {&group, range.first}, range);
  });
  PassResult together = results[0];
  std::vector<at::Tensor> frames;
  for (const PassResult& result : results) frames.push_back(result.velocity);
  together.velocity = at::cat(frames, 2);
  for (size_t r = 1; r < results.size(); ++r) {
    for (auto& [name, gradient] : together.gradients) gradient += results[r].gradients.at(name);
  }
  return together;
}

// Relative to the largest value.
double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return max_difference(a, b) / std::max(a.abs().max().item<double>(), 1e-3);
}

}  // namespace

TEST_CASE("members get all frames, the first ones those left over", "[model]") {
  for (const int64_t members : {1, 2, 3, 8}) {
    int64_t next = 0;
    for (int64_t member = 0; member < members; ++member) {
      const FrameRange range = model::frames_of_member(21, member, members);
      CHECK(range.first == next);
      CHECK((range.count == 21 / members || range.count == 21 / members + 1));
      next += range.count;
    }
    CHECK(next == 21);
  }
  CHECK(model::frames_of_member(21, 0, 2).count == 11);
}

TEST_CASE("frames on several processes give the velocity and gradients of the whole clip",
          "[model][distributed]") {
  at::set_num_threads(1);
  const SanaVideo model = sana_test::random_model();
  const int64_t frames = GENERATE(4, 5);
  const LearntClip clip = learnt_clip(frames);
  const PassResult whole = run_part(same_model(model, false), clip, {}, {0, frames});
  for (const int64_t members : {2, 3, 4}) {
    for (const bool recomputed : {false, true}) {
      INFO(frames << " frames on " << members << (recomputed ? ", recomputed" : ""));
      const PassResult shared = run_shared(model, clip, members, recomputed);
      CHECK(relative_difference(whole.velocity, shared.velocity) < 1e-5);
      REQUIRE(shared.gradients.size() == whole.gradients.size());
      for (const auto& [name, gradient] : whole.gradients) {
        INFO(name);
        CHECK(relative_difference(gradient, shared.gradients.at(name)) < 5e-5);
      }
    }
  }
}

TEST_CASE("without what the others have, frames give something else", "[model][distributed]") {
  // That the comparison above can fail.
  const SanaVideo model = sana_test::random_model();
  const LearntClip clip = learnt_clip(4);
  const PassResult whole = run_part(same_model(model, false), clip, {}, {0, 4});
  const PassResult alone = run_part(same_model(model, false), clip, {}, {0, 2});
  CHECK(relative_difference(whole.velocity.narrow(2, 0, 2), alone.velocity) > 1e-3);
}

TEST_CASE("border frames go to both sides, and their gradients come back", "[model][distributed]") {
  std::vector<at::Tensor> gradients(3), before(3), after(3);
  ThreadWorld(3).run([&](Communicator& group) {
    const int64_t rank = group.rank();
    // One, two and three frames of one pixel and channel: 10 r + frame.
    const at::Tensor x = (at::arange(rank + 1, at::kFloat) + 10.0 * double(rank))
                             .view({1, rank + 1, 1, 1})
                             .set_requires_grad(true);
    const auto beside = model::neighbour_frames(group, x);
    before[size_t(rank)] = beside.before.detach();
    after[size_t(rank)] = beside.after.detach();
    (beside.before * double(rank + 1) + beside.after * 100.0 * double(rank + 1)).sum().backward();
    gradients[size_t(rank)] = x.grad().flatten();
  });
  for (size_t r = 0; r < 3; ++r) CHECK(before[r].sizes() == at::IntArrayRef({1, 1, 1, 1}));
  CHECK(before[0].item<float>() == 0);
  CHECK(before[1].item<float>() == 0);   // the only frame of the first
  CHECK(before[2].item<float>() == 11);  // the last of the second
  CHECK(after[0].item<float>() == 10);
  CHECK(after[1].item<float>() == 20);
  CHECK(after[2].item<float>() == 0);
  // Weights: `before` of the next one is r + 2, `after` of the one before is 100 r.
  CHECK(at::equal(gradients[0], at::tensor({2.0f})));
  CHECK(at::equal(gradients[1], at::tensor({100.0f, 3.0f})));
  CHECK(at::equal(gradients[2], at::tensor({200.0f, 0.0f, 0.0f})));
}
