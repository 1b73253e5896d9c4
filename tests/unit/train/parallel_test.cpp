// Several processes that share a batch train as one does.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/distributed/thread_world.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "train/gradient_reducer.h"
#include "unit/train/tiny_run.h"
#include "unit/train/train_together.h"

namespace {
using namespace sana;
using sana_test::TemporaryDirectory;
using sana_test::train_alone;
using sana_test::train_together;
using sana_test::Trained;
using train::TrainConfig;

constexpr int64_t kSteps = 6;

// In bfloat16 a sum of other parts is rounded otherwise; members still end alike.
void check_processes_train_alike(TrainConfig config, double tolerance) {
  at::set_num_threads(1);
  config.optimizer.eps = 1e-5;
  const Trained one = train_alone(config, kSteps);
  const Trained two = train_together(config, 2, 1, kSteps);
  REQUIRE(two.losses.size() == one.losses.size());
  for (size_t i = 0; i < one.losses.size(); ++i) {
    CHECK(two.losses[i] == sana_test::Approx(one.losses[i]).epsilon(tolerance));
  }
}

void check_processes_train_as_one(TrainConfig config) {
  at::set_num_threads(1);
  // The bias of the keys has no gradient but rounding, which a tiny eps would blow up.
  config.optimizer.eps = 1e-5;
  const Trained one = train_alone(config, kSteps);
  REQUIRE(one.norms.size() == size_t(kSteps));
  for (const auto& [size, micro_steps] :
       std::vector<std::pair<int64_t, int64_t>>{{2, 1}, {4, 1}, {2, 2}}) {
    INFO(size << " processes, " << micro_steps << " micro-steps");
    const Trained many = train_together(config, size, micro_steps, kSteps);
    CHECK(sana_test::difference(one, many) == "");
  }
}

TEST_CASE("processes that share a batch of the DiT train as one", "[train][distributed]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 10});
  sana_test::write_tiny_latents(folder / "images",
                                {.samples = 7, .frames = 1, .name = "image", .seed = 2});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.data.images = (folder / "images").string();
  config.data.image_every_steps = 2;
  SECTION("each with a part of the optimizer") {}
  SECTION("each with all of the optimizer") { config.parallel.shard_optimizer = false; }
  SECTION("in bfloat16, each with a part") {
    config.precision = "bfloat16";
    check_processes_train_alike(config, 3e-2);
    return;
  }
  SECTION("recomputed") { config.train.gradient_checkpointing = true; }
  SECTION("parts frozen") { config.train.freeze = {"patch_embedding", "time_embed", "caption_"}; }
  check_processes_train_as_one(config);
}

TEST_CASE("processes that share a batch of the VAE train as one", "[train][distributed]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {.samples = 10});
  check_processes_train_as_one(sana_test::tiny_vae_config(folder.path()));
}

TEST_CASE("a loss that is not finite on one process skips the step on all",
          "[train][distributed]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 8, .poisoned = 1});
  const TrainConfig config = sana_test::tiny_dit_config(folder.path());
  const Trained many = train_together(config, 2, 1, kSteps);
  CHECK(many.bad_steps == 3);  // one of the two steps of each epoch
  for (const auto& [name, tensor] : many.weights) CHECK(tensor.isfinite().all().item<bool>());
}

TEST_CASE("gradients in many buckets travel during the backward pass, and sum up",
          "[train][distributed]") {
  constexpr int64_t kParameters = 6;
  std::vector<std::vector<at::Tensor>> sums(2);
  std::vector<size_t> overlapped(2);
  ThreadWorld(2).run([&](Communicator& group) {
    std::vector<at::Tensor> parameters;
    for (int64_t i = 0; i < kParameters; ++i) {
      parameters.push_back(at::full({300}, double(i + 1)).set_requires_grad(true));
    }
    const auto buckets = train::plan_buckets(parameters, /*bucket_bytes=*/2 * 300 * 4, 1);
    if (buckets.sizes.size() != 3) throw InternalError("expected two parameters a bucket");
    train::GradientReducer reducer(parameters, buckets, group, {});
    const auto pass = [&] {
      at::Tensor loss = at::zeros({});
      // The first parameter takes no part.
      for (int64_t i = 1; i < kParameters; ++i) {
        loss = loss + (parameters[size_t(i)].square() * double(group.rank() + 1)).sum();
      }
      loss.backward();
    };
    pass();  // an earlier micro-step: nothing travels
    reducer.begin({}, /*overlap=*/true);
    pass();
    for (const at::Tensor& sum : reducer.finish())
      sums[size_t(group.rank())].push_back(sum.clone());
    overlapped[size_t(group.rank())] = reducer.num_overlapped();
  });
  for (const auto& rank : sums) {
    CHECK(at::equal(rank[0], at::zeros({300})));
    for (int64_t i = 1; i < kParameters; ++i) {
      // 2 w (1 + 2) of both ranks, twice.
      CHECK(at::equal(rank[size_t(i)], at::full({300}, double(12 * (i + 1)))));
    }
  }
  CHECK(overlapped == std::vector<size_t>{2, 2});  // the bucket of the first waits for finish()
}

}  // namespace
