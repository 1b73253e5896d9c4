// Processes that have a part of the weights each train as one does, and hold no more than that.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/distributed/mesh.h"
#include "core/distributed/silent_member.h"
#include "core/distributed/thread_world.h"
#include "core/error.h"
#include "core/memory/meta_memory.h"
#include "core/memory/storage.h"
#include "model/parameter.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "train/build.h"
#include "train/gathered_weights.h"
#include "train/measuring_memory.h"
#include "train/micro_step.h"
#include "train/shard_choice.h"
#include "train/traffic.h"
#include "train/trained_module.h"
#include "train/training_memory.h"
#include "unit/train/tiny_run.h"
#include "unit/train/train_together.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::long_clips;
using sana_test::TemporaryDirectory;
using sana_test::train_alone;
using sana_test::train_together;
using sana_test::Trained;
using train::TrainConfig;

constexpr int64_t kFullSteps = 20;

struct FullWay {
  int64_t processes, shard, sequence, micro_steps;
};

TrainConfig deep(const TemporaryDirectory& folder) { return long_clips(folder, /*layers=*/4); }

// A model whose weights need more memory than its clips.
TrainConfig wide(const TemporaryDirectory& folder) {
  TrainConfig config = long_clips(folder, /*layers=*/12);
  config.model.num_heads = 8;
  config.model.head_dim = 64;
  config.train.gradient_checkpointing = true;
  config.data.image_every_steps = 0;
  return config;
}

// Over all of them; with replicas; with accumulation; with those that share frames; with all of it.
const std::vector<FullWay> kFullWays = {{2, 2, 1, 1}, {4, 4, 1, 1}, {4, 2, 1, 1},
                                        {2, 2, 1, 2}, {4, 2, 2, 1}, {8, 2, 2, 1}};

TEST_CASE("processes with a part of the weights each train as one", "[train][distributed]") {
  at::set_num_threads(1);
  const TemporaryDirectory folder;
  TrainConfig config = deep(folder);
  SECTION("kept") {}
  SECTION("recomputed, without an average") {
    config.train.gradient_checkpointing = true;
    config.train.ema_decay.reset();
  }
  SECTION("recomputed, parts frozen, among them all that the first block is given") {
    config.train.gradient_checkpointing = true;
    config.train.freeze = {"transformer_blocks.2", "patch_embedding", "time_embed", "caption_"};
  }
  SECTION("parts frozen") {
    config.train.freeze = {"transformer_blocks.0", "patch_embedding", "time_embed", "caption_"};
  }
  const Trained one = train_alone(config, kFullSteps);
  REQUIRE(one.norms.size() == size_t(kFullSteps));
  for (const FullWay& way : kFullWays) {
    INFO(way.processes << " processes, " << way.shard << " for the weights, " << way.sequence
                       << " for each clip, " << way.micro_steps << " micro-steps");
    config.parallel.shard = std::to_string(way.shard);
    config.parallel.sequence = way.sequence;
    const Trained many = train_together(config, way.processes, way.micro_steps, kFullSteps);
    CHECK(sana_test::difference(one, many) == "");
  }
}

TEST_CASE("in bfloat16 processes with parts of the weights train near to one process",
          "[train][distributed]") {
  at::set_num_threads(1);
  const TemporaryDirectory folder;
  TrainConfig config = deep(folder);
  config.precision = "bfloat16";
  SECTION("gradients travel in float32") {}
  SECTION("gradients travel in bfloat16") { config.parallel.reduce_precision = "bfloat16"; }
  const Trained one = train_alone(config, kFullSteps);
  config.parallel.shard = "2";
  const Trained many = train_together(config, 4, 1, kFullSteps);
  REQUIRE(many.losses.size() == one.losses.size());
  for (size_t i = 0; i < one.losses.size(); ++i) {
    CHECK(many.losses[i] == sana_test::Approx(one.losses[i]).epsilon(3e-2));
  }
}

TEST_CASE("one wrong factor in what travels with full sharding is found", "[train][distributed]") {
  at::set_num_threads(1);
  const TemporaryDirectory folder;
  TrainConfig config = deep(folder);
  const Trained one = train_alone(config, kFullSteps);
  config.parallel.shard = "2";
  const auto found = [&](const std::string& name, double factor) {
    const auto through = [&](std::unique_ptr<Communicator> inner) {
      return sana_test::wrong_factor(std::move(inner), name, factor);
    };
    return sana_test::difference(one, train_together(config, 4, 1, kFullSteps, through));
  };
  CHECK(found("no collective", 0.5) == "");
  for (const char* name : {"gradients", "gradients of replicas", "weights", "gradient norm"}) {
    INFO(name);
    CHECK(found(name, 0.5) != "");
    CHECK(found(name, 2.0) != "");
  }
}

// Flat weights of three blocks and one bucket outside of them, by two members.
struct GatheredSet {
  explicit GatheredSet(Communicator& group, train::GatheredWeights::Stay stay) {
    using Bucket = train::GatheredWeights::Bucket;
    std::vector<Bucket> buckets;
    for (const std::optional<int64_t> block :
         std::vector<std::optional<int64_t>>{2, 1, 0, std::nullopt}) {
      flats.push_back(at::zeros({4}));
      parts.push_back(at::full({2}, double(10 * block.value_or(9) + group.rank())));
      buckets.push_back({flats.back(), block});
    }
    weights = std::make_unique<train::GatheredWeights>(std::move(buckets), group, stay);
  }
  // Of block `b` (3: outside); none: it has no memory.
  std::optional<double> last_of(int64_t b) const {
    const at::Tensor& flat = flats[size_t(b == 3 ? 3 : 2 - b)];
    if (flat.storage().nbytes() == 0) return std::nullopt;
    return flat[3].item<double>();
  }
  std::vector<at::Tensor> flats, parts;
  std::unique_ptr<train::GatheredWeights> weights;
};

TEST_CASE("weights of a block have memory while it computes, and while the next one does",
          "[train][distributed]") {
  using model::Direction;
  ThreadWorld(2).run([](Communicator& group) {
    const auto require_that = [](bool ok, const char* what) {
      if (!ok) throw InternalError(what);
    };
    GatheredSet set(group, train::GatheredWeights::Stay::kInBlock);
    set.weights->publish(set.parts);
    set.weights->settle(/*all=*/false);
    require_that(set.last_of(3) == 91.0, "outside of blocks all is whole");
    require_that(!set.last_of(1) && !set.last_of(2), "nothing yet");
    set.weights->need(0, Direction::kForward);
    require_that(set.last_of(0) == 1.0, "the block that computes");
    require_that(!set.last_of(2), "one ahead, and not two");
    set.weights->done(0, Direction::kForward);
    require_that(!set.last_of(0), "it is done");
    set.weights->need(1, Direction::kForward);
    set.weights->done(1, Direction::kForward);
    set.weights->need(2, Direction::kForward);
    set.weights->done(2, Direction::kForward);
    require_that(set.last_of(2) == 21.0, "the backward pass begins with the last one");
    set.weights->need(2, Direction::kBackward);
    require_that(set.last_of(1).has_value() && !set.last_of(0), "ahead, the other way");
    set.weights->done(2, Direction::kBackward);
    set.weights->end_pass();
    for (int64_t b = 0; b < 3; ++b) require_that(!set.last_of(b), "the pass is over");
    set.weights->pause(true);
    set.weights->need(1, Direction::kForward);
    require_that(!set.last_of(1), "others compute");
  });
}

TEST_CASE("views see the memory that a tensor has taken anew", "[train]") {
  const at::Tensor flat = at::ones({4});
  const at::Tensor view = flat.narrow(0, 1, 2).view({2, 1});
  release_storage(flat);
  CHECK(flat.storage().nbytes() == 0);
  restore_storage(flat);
  flat.fill_(3.0);
  CHECK(view.sum().item<double>() == 6.0);
}

TEST_CASE("what full sharding sends is what the formula says", "[train]") {
  const TemporaryDirectory folder;
  TrainConfig config = deep(folder);
  config.model.num_heads = 8;  // so that what fills buckets up is little
  config.data.image_every_steps = 0;
  int64_t processes = 2;
  config.parallel.shard = "2";
  SECTION("float32") {}
  SECTION("bfloat16, recomputed") {
    config.precision = "bfloat16";
    config.train.gradient_checkpointing = true;
  }
  SECTION("with replicas") { processes = 6; }
  SECTION("two micro-steps") { config.train.accumulation = 2; }
  const auto datasets = train::build_datasets(config, at::kMeta);
  const model::UnfilledParameters unfilled(at::kMeta);
  const auto objective = train::build_objective(config, datasets, at::kMeta, /*load_init=*/false);
  SilentMember member(0, processes);
  const Mesh mesh = join_mesh(config.parallel.mesh(processes), {0, processes, 0}, member);
  train::TrainedModule module("model", objective->module(),
                              train::TrainedModule::settings_of(config),
                              {member, mesh.shard.get(), mesh.replicas.get()});
  train::MicroStep micro_step(*objective, 1.0, /*record=*/false);
  const data::Batch batch = train::largest_batch(*datasets.videos, 2);
  const auto step = [&] {
    for (int64_t i = 0; i < config.train.accumulation; ++i) {
      module.weights().begin_pass(i + 1 == config.train.accumulation);
      micro_step.run(objective->draw(batch, StepRandom(0, 1)));
      module.weights().collect_gradients();
    }
    module.weights().publish();
  };
  peak_meta_bytes(step);
  const int64_t before = member.bytes_sent();
  peak_meta_bytes(step);
  const auto sent = double(member.bytes_sent() - before);
  const int64_t outside =
      module.weights().staying_bytes() / (config.precision == "float32" ? 4 : 2);
  const auto formula = double(
      train::bytes_sent_per_step(config, module.weights().num_trained(), outside, processes));
  CHECK(sent == sana_test::Approx(formula).epsilon(5e-3));
}

TEST_CASE("with full sharding each process needs a part of the memory", "[train]") {
  const TemporaryDirectory folder;
  TrainConfig config = wide(folder);
  config.parallel.shard = "1";
  SECTION("float32") {}
  SECTION("bfloat16") { config.precision = "bfloat16"; }
  const auto datasets = train::build_datasets(config, at::kMeta);
  const train::TrainingMemory shared = train::estimate_training(config, datasets, 8);
  config.parallel.shard = "8";
  const train::TrainingMemory full = train::estimate_training(config, datasets, 8);
  CHECK(full.parameters == shared.parameters);
  CHECK(double(full.optimizer) == sana_test::Approx(double(shared.optimizer)).epsilon(0.01));
  CHECK(full.gradients < shared.gradients / 4);
  CHECK(full.weights < shared.weights / 2);
  // The step itself needs one block's weights more, and the next one's.
  CHECK(full.lasting() + full.activations < 0.6 * double(shared.lasting() + shared.activations));
  CHECK(full.outside > 0);
  CHECK(full.outside < full.parameters / 4);
}

TEST_CASE("weights are shared no further than the memory needs", "[train]") {
  const TemporaryDirectory folder;
  TrainConfig config = wide(folder);
  const auto datasets = train::build_datasets(config, at::kMeta);
  const auto peak = [&](const std::string& shard) {
    TrainConfig tried = config;
    tried.parallel.shard = shard;
    return train::estimate_training(tried, datasets, 16).peak();
  };
  const auto chosen = [&](const TrainConfig& run, int64_t bytes) {
    return train::shard_that_fits(run, datasets, 16, /*per_host=*/4, bytes);
  };
  REQUIRE(peak("16") < peak("4"));
  REQUIRE(peak("4") < peak("1"));
  CHECK(chosen(config, 2 * peak("1")) == 1);
  CHECK(chosen(config, (peak("1") + peak("4")) / 2) == 4);
  CHECK(chosen(config, peak("4")) == 16);  // not all of the memory can be used
  CHECK(chosen(config, 1) == 16);
  TrainConfig given = config;
  given.parallel.shard = "2";
  CHECK(chosen(given, 1) == 2);
  given = config;
  given.parallel.sequence = 2;
  CHECK(chosen(given, 1) == 8);
}

// Three steps and three more of other processes, against six in one go.
TEST_CASE("a run goes on with another part of the weights for each process",
          "[train][distributed]") {
  const TemporaryDirectory folder;
  TrainConfig config = deep(folder);
  config.train.steps = 6;
  TrainConfig cut = config;
  cut.run.dir += "-cut";
  cut.train.steps = 3;
  sana_test::run(config);
  const auto by = [&](int64_t processes, const std::string& shard) {
    cut.parallel.shard = shard;
    cut.data.batch_size = cut.data.image_batch_size = 2 / processes;
    processes == 1 ? void(sana_test::run(cut)) : sana_test::run_together(cut, processes);
  };
  SECTION("first with parts, then alone") {
    by(2, "2");
    cut.train.steps = 6;
    by(1, "1");
  }
  SECTION("first alone, then with parts") {
    by(1, "1");
    cut.train.steps = 6;
    by(2, "2");
  }
  SECTION("with parts, killed in between") {
    by(2, "2");
    cut.train.steps = 6;
    by(2, "2");
  }
  const auto weights = [](const TrainConfig& run) {
    return load_safetensors(
        find_safetensors(sana_test::checkpoint_of(run, 6) / "model.safetensors"));
  };
  const TensorMap straight = weights(config);
  for (const auto& [name, tensor] : weights(cut)) {
    INFO(name);
    CHECK(at::allclose(tensor, straight.at(name), /*rtol=*/1e-3, /*atol=*/2e-5));
  }
}

TEST_CASE("weights that differ between processes are found before they are in parts",
          "[train][distributed]") {
  const TemporaryDirectory folder;
  TrainConfig config = deep(folder);
  config.parallel.shard = "2";
  config.init.from.clear();
  const std::string message = sana_test::message_of<InternalError>([&] {
    ThreadWorld(2).run([&](Communicator& group) {
      const Mesh mesh = join_mesh(config.parallel.mesh(2), {group.rank(), 2, group.rank()}, group);
      TrainConfig mine = config;
      mine.run.seed = group.rank();  // draws other weights
      const auto datasets = train::build_datasets(mine, at::kCPU, /*writes=*/false);
      train::build_method(train::build_objective(mine, datasets, at::kCPU, /*load_init=*/true),
                          mine, at::kCPU, group, mesh);
    });
  });
  CHECK(sana_test::contains(message, "weights"));
}

}  // namespace
