// Several processes that share a batch train as one does.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <mutex>

#include "core/distributed/thread_world.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "train/build.h"
#include "train/data_streams.h"
#include "unit/train/tiny_run.h"

namespace {
using namespace sana;
using sana_test::TemporaryDirectory;
using train::TrainConfig;

constexpr int64_t kGlobalBatch = 4, kSteps = 6;

struct Trained {
  TensorMap module;  // as every member computes with it
  TensorMap weights, average, optimizer;
  std::vector<double> losses, norms;
  size_t bad_steps = 0;
};

// Steps of one member, without a trainer around them.
Trained train_as(TrainConfig config, Communicator& group, int64_t micro_steps) {
  // The VAE draws its weights from the global generator.
  static std::mutex building;
  config.train.accumulation = micro_steps;
  config.data.batch_size = config.data.image_batch_size =
      kGlobalBatch / (group.size() * micro_steps);
  std::unique_lock one_builds(building);
  const train::Datasets datasets = train::build_datasets(config, at::kCPU, /*writes=*/false);
  const auto method = train::build_method(config, datasets, at::kCPU, /*load_init=*/true, group);
  one_builds.unlock();
  train::DataStreams streams(config, train::stream_specs(config, datasets), {}, at::kCPU,
                             {group.rank(), group.size(), group.rank()});
  train::StepMeter meter(method->metric_parts());
  Trained result;
  for (int64_t number = 1; number <= kSteps; ++number) {
    const size_t stream = streams.due(number);
    meter.begin_step(streams.spec(stream).loss_name);
    train::StepContext context = {number,
                                  micro_steps,
                                  [&] { return streams.next(stream); },
                                  StepRandom(uint64_t(config.run.seed), number),
                                  meter,
                                  group};
    method->step(context);
    const train::WindowReport report = meter.take();
    result.bad_steps += report.bad_steps.size();
    for (const auto& [name, loss] : report.losses) result.losses.push_back(loss);
    if (report.grad_norm) result.norms.push_back(*report.grad_norm);
  }
  train::TrainedModule& module = *method->modules().front();
  for (const auto& item : module.module().named_parameters()) {
    result.module[item.key()] = item.value().detach().clone();
  }
  const train::ModuleState state = module.state();  // on rank 0
  for (const auto& [name, tensor] : state.weights) result.weights[name] = tensor.clone();
  for (const auto& [name, tensor] : state.average) result.average[name] = tensor.clone();
  for (const auto& [name, tensor] : state.optimizer) result.optimizer[name] = tensor.clone();
  return result;
}

// Of all members; they must end with the same weights, bit for bit.
Trained train_together(const TrainConfig& config, int64_t size, int64_t micro_steps) {
  std::vector<Trained> members(static_cast<size_t>(size));
  ThreadWorld(size).run([&](Communicator& group) {
    at::set_num_threads(1);
    members[size_t(group.rank())] = train_as(config, group, micro_steps);
  });
  for (size_t r = 1; r < members.size(); ++r) {
    for (const auto& [name, tensor] : members[0].module) {
      INFO("rank " << r << " " << name);
      CHECK(at::equal(tensor, members[r].module.at(name)));
    }
  }
  return members[0];
}

void check_close(const TensorMap& a, const TensorMap& b) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, tensor] : a) {
    INFO(name);
    CHECK(at::allclose(tensor, b.at(name), /*rtol=*/1e-3, /*atol=*/2e-5));
  }
}

// In bfloat16 a sum of other parts is rounded otherwise; members still end alike.
void check_processes_train_alike(TrainConfig config, double tolerance) {
  at::set_num_threads(1);
  config.optimizer.eps = 1e-5;
  const Trained one = train_as(config, *single_process(), 1);
  const Trained two = train_together(config, 2, 1);
  REQUIRE(two.losses.size() == one.losses.size());
  for (size_t i = 0; i < one.losses.size(); ++i) {
    CHECK(two.losses[i] == sana_test::Approx(one.losses[i]).epsilon(tolerance));
  }
}

void check_processes_train_as_one(TrainConfig config) {
  at::set_num_threads(1);
  // The bias of the keys has no gradient but rounding, which a tiny eps would blow up.
  config.optimizer.eps = 1e-5;
  const Trained one = train_as(config, *single_process(), 1);
  REQUIRE(one.norms.size() == size_t(kSteps));
  for (const auto& [size, micro_steps] :
       std::vector<std::pair<int64_t, int64_t>>{{2, 1}, {4, 1}, {2, 2}}) {
    INFO(size << " processes, " << micro_steps << " micro-steps");
    const Trained many = train_together(config, size, micro_steps);
    REQUIRE(many.losses.size() == one.losses.size());
    for (size_t i = 0; i < one.losses.size(); ++i) {
      CHECK(many.losses[i] == sana_test::Approx(one.losses[i]).epsilon(1e-5));
      CHECK(many.norms[i] == sana_test::Approx(one.norms[i]).epsilon(1e-4));
    }
    check_close(one.weights, many.weights);
    check_close(one.average, many.average);
    check_close(one.optimizer, many.optimizer);
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
  const Trained many = train_together(config, 2, 1);
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
