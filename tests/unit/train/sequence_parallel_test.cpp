// Processes that share the frames of their clips, and perhaps batches as well, train as one does.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/distributed/silent_member.h"
#include "core/distributed/thread_world.h"
#include "core/files.h"
#include "core/memory/meta_memory.h"
#include "model/parameter.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "train/build.h"
#include "train/data_streams.h"
#include "train/measuring_memory.h"
#include "train/micro_step.h"
#include "train/traffic.h"
#include "train/training_memory.h"
#include "unit/train/tiny_run.h"
#include "unit/train/train_together.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using sana_test::long_clips;
using sana_test::run_together;
using sana_test::TemporaryDirectory;
using sana_test::train_alone;
using sana_test::train_together;
using sana_test::Trained;
using train::TrainConfig;

constexpr int64_t kSharedSteps = 20;

struct Way {
  int64_t processes, sequence, micro_steps;
};

// 5 frames on 2 are 3 + 2, on 4 they are 2 + 1 + 1 + 1.
const std::vector<Way> kWays = {{2, 2, 1}, {4, 2, 1}, {4, 4, 1}, {4, 2, 2}};

TEST_CASE("processes that share the frames of clips train as one", "[train][distributed]") {
  at::set_num_threads(1);
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  SECTION("each with a part of the optimizer") {}
  SECTION("each with all of the optimizer, without an average") {
    config.parallel.shard_optimizer = false;
    config.train.ema_decay.reset();
  }
  SECTION("recomputed") { config.train.gradient_checkpointing = true; }
  SECTION("recomputed, parts frozen") {
    config.train.gradient_checkpointing = true;
    config.train.freeze = {"transformer_blocks.0", "patch_embedding", "time_embed", "caption_"};
  }
  SECTION("parts frozen") { config.train.freeze = {"attn1", "conv_temp"}; }
  const Trained one = train_alone(config, kSharedSteps);
  REQUIRE(one.norms.size() == size_t(kSharedSteps));
  REQUIRE(one.average.empty() != config.train.ema_decay.has_value());
  for (const Way& way : kWays) {
    INFO(way.processes << " processes, " << way.sequence << " for each clip, " << way.micro_steps
                       << " micro-steps");
    config.parallel.sequence = way.sequence;
    const Trained many = train_together(config, way.processes, way.micro_steps, kSharedSteps);
    CHECK(sana_test::difference(one, many) == "");
  }
}

TEST_CASE("in bfloat16 members that share clips end alike, near to one process",
          "[train][distributed]") {
  at::set_num_threads(1);
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  config.precision = "bfloat16";
  const Trained one = train_alone(config, kSharedSteps);
  config.parallel.sequence = 2;
  const Trained many = train_together(config, 4, 1, kSharedSteps);
  REQUIRE(many.losses.size() == one.losses.size());
  for (size_t i = 0; i < one.losses.size(); ++i) {
    CHECK(many.losses[i] == sana_test::Approx(one.losses[i]).epsilon(3e-2));
  }
}

TEST_CASE("one wrong factor in a reduction is found", "[train][distributed]") {
  at::set_num_threads(1);
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  const Trained one = train_alone(config, kSharedSteps);
  config.parallel.sequence = 2;
  const auto found = [&](const std::string& name, double factor) {
    const auto through = [&](std::unique_ptr<Communicator> inner) {
      return sana_test::wrong_factor(std::move(inner), name, factor);
    };
    return sana_test::difference(one, train_together(config, 4, 1, kSharedSteps, through));
  };
  CHECK(found("no collective", 0.5) == "");
  for (const char* name : {"attention sums", "gradients of attention sums", "border frames",
                           "gradients of border frames", "gradients", "losses"}) {
    INFO(name);
    CHECK(found(name, 0.5) != "");
    CHECK(found(name, 2.0) != "");
  }
}

TEST_CASE("a sequence is trained by the trainer: validated, saved and counted as by one",
          "[train][distributed]") {
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  config.data.validation = config.data.videos;
  config.train.steps = 6;
  config.train.validate_every_steps = 2;
  config.train.validation_batches = 100;  // all, whatever the size of a batch is
  TrainConfig shared = config;
  shared.run.dir += "-shared";
  shared.parallel.replicate = "2";
  shared.parallel.sequence = 2;
  shared.data.batch_size = shared.data.image_batch_size = 1;
  sana_test::run(config);
  run_together(shared, 4);
  const auto one = sana_test::metrics_of(config), many = sana_test::metrics_of(shared);
  REQUIRE(one.size() == many.size());
  for (size_t i = 0; i < one.size(); ++i) {
    for (const char* key :
         {"step", "loss", "image_loss", "val_loss", "grad_norm", "damaged_samples"}) {
      INFO(key << " of line " << i);
      CHECK(one[i].contains(key) == many[i].contains(key));
      if (!one[i].contains(key)) continue;
      CHECK(many[i][key].get<double>() ==
            sana_test::Approx(one[i][key].get<double>()).epsilon(1e-4));
    }
  }
  const auto seen = [](const TrainConfig& run) {
    const auto text = read_text_file(sana_test::checkpoint_of(run, 6) / "trainer.json");
    return nlohmann::json::parse(text).at("samples_seen").get<int64_t>();
  };
  CHECK(seen(config) == 6 * 2);
  CHECK(seen(shared) == 6 * 2);
}

TEST_CASE("clips of a bad step are named once, though several processes share them",
          "[train][distributed]") {
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  sana_test::write_tiny_latents(folder / "latents", {.samples = 2, .frames = 17, .poisoned = 1});
  config.data.image_every_steps = 0;
  config.data.batch_size = 1;
  config.train.max_skipped_steps = 0;
  config.parallel.sequence = 2;
  CHECK(contains(sana_test::message_of<UserError>([&] { run_together(config, 4); }), "not finite"));
  const auto bad =
      nlohmann::json::parse(read_text_file(fs::path(config.run.dir) / "bad_batch.json"));
  auto ids = bad.at(0).at("ids").get<std::vector<std::string>>();
  std::sort(ids.begin(), ids.end());
  CHECK(ids == std::vector<std::string>{"clip0", "clip1"});
}

TEST_CASE("members of a sequence that read other clips are told apart", "[train][distributed]") {
  const auto read = [](const std::vector<std::string>& last_of_second) {
    ThreadWorld(2).run([&](Communicator& control) {
      data::Batch batch;
      batch.ids = {"clip0", "clip1"};
      train::require_same_samples(control, batch);
      if (control.rank() == 1) batch.ids = last_of_second;
      train::require_same_samples(control, batch);
    });
  };
  CHECK_NOTHROW(read({"clip0", "clip1"}));
  const std::string other = sana_test::message_of<EnvironmentError>([&] {
    read({"clip0", "clip2"});
  });
  for (const char* part : {"sequence", "clip0, clip1", "clip0, clip2"}) {
    INFO(other);
    CHECK(contains(other, part));
  }
}

TEST_CASE("what does not go with a sequence is refused before anything is made", "[train]") {
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  config.parallel.replicate = "3";
  config.parallel.sequence = 2;
  const std::string product = sana_test::message_of<UserError>([&] { run_together(config, 4); });
  CHECK(contains(product, "parallel.replicate=3"));
  CHECK_FALSE(fs::exists(config.run.dir));
}

TEST_CASE("what a sequence sends is what the formula says", "[train]") {
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  config.parallel.sequence = 4;
  SECTION("float32") {}
  SECTION("bfloat16") { config.precision = "bfloat16"; }
  SECTION("recomputed") { config.train.gradient_checkpointing = true; }
  SECTION("two members") { config.parallel.sequence = 2; }
  const auto datasets = train::build_datasets(config, at::kMeta);
  const model::UnfilledParameters unfilled(at::kMeta);
  const auto objective = train::build_objective(config, datasets, at::kMeta, /*load_init=*/false);
  if (config.precision == "bfloat16") objective->module().to(at::kBFloat16);
  SilentMember member(1, config.parallel.sequence);
  objective->share_samples(&member);
  train::MicroStep micro_step(*objective, 1.0, /*record=*/false);
  const auto sent = [&](const data::Dataset& dataset) {
    const int64_t before = member.bytes_sent();
    const data::Batch batch = train::largest_batch(dataset, 3);
    // Which also lets the networks run without data.
    peak_meta_bytes([&] { micro_step.run(objective->draw(batch, StepRandom(0, 1))); });
    return std::pair(member.bytes_sent() - before, batch.data);
  };
  const auto [bytes, clips] = sent(*datasets.videos);
  CHECK(bytes > 0);
  CHECK(bytes == train::sequence_bytes_per_step(config, clips.sizes()));
  const auto [none, images] = sent(*datasets.images);
  CHECK(none == 0);
  CHECK(train::sequence_bytes_per_step(config, images.sizes()) == 0);
}

TEST_CASE("a sequence needs less memory for its clips", "[train]") {
  const TemporaryDirectory folder;
  TrainConfig config = long_clips(folder);
  config.model.num_heads = 8;
  config.model.head_dim = 64;
  config.data.batch_size = 128;
  config.data.image_every_steps = 0;
  const auto datasets = train::build_datasets(config, at::kMeta);
  const train::TrainingMemory whole = train::estimate_training(config, datasets, 2);
  config.parallel.sequence = 2;
  const train::TrainingMemory shared = train::estimate_training(config, datasets, 2);
  // 3 of 5 frames, and what does not depend on them.
  CHECK(shared.activations < 0.75 * double(whole.activations));
  CHECK(shared.activations > 0.5 * double(whole.activations));
  CHECK(shared.optimizer == whole.optimizer);
  // Of whole clips; only the positions are not in memory yet.
  CHECK(double(shared.measuring) == sana_test::Approx(double(whole.measuring)).epsilon(1e-3));
}

}  // namespace
