#include "train/trainer_config.h"

#include "core/config/config.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"

namespace {
using sana::UserError;
using sana::train::TrainConfig;
using sana_test::contains;

TrainConfig load(std::vector<std::string> overrides) {
  return sana::config::load<TrainConfig>({.file = {}, .overrides = std::move(overrides)});
}

TEST_CASE("a training configuration needs a run folder and data, nothing else", "[train]") {
  const TrainConfig config = load({"run.dir=runs/a", "data.videos=prepared"});
  CHECK(config.task == "video_dit");
  CHECK(config.train.ema_decay.has_value());
  CHECK_FALSE(
      load({"run.dir=a", "data.videos=b", "train.ema_decay=null"}).train.ema_decay.has_value());
  const std::string message = sana_test::message_of<UserError>([] { load({}); });
  CHECK(contains(message, "run.dir"));
  CHECK(contains(message, "data.videos"));
}

TEST_CASE("contradictions between keys are all named at once", "[train]") {
  const std::string dit = sana_test::message_of<UserError>([] {
    load({"run.dir=a", "data.videos=b", "data.image_every_steps=5", "optimizer.betas=[0.9]"});
  });
  for (const char* part : {"images", "betas"}) {
    INFO(dit);
    CHECK(contains(dit, part));
  }
  const std::string preview = sana_test::message_of<UserError>([] {
    load({"run.dir=a", "data.videos=b", "preview.every_steps=10"});
  });
  CHECK(contains(preview, "vae_checkpoint"));
  CHECK(contains(preview, "preview.prompts"));
  const std::string vae = sana_test::message_of<UserError>([] {
    load({"task=vae", "run.dir=a", "data.videos=b", "data.crop.frames=16", "data.crop.width=100",
          "train.gradient_checkpointing=true"});
  });
  for (const char* part : {"4k+1", "multiple of 8", "gradient_checkpointing"}) {
    INFO(vae);
    CHECK(contains(vae, part));
  }
}

TEST_CASE("recorded steps cannot add up float32 gradients", "[train]") {
  const std::vector<std::string> base = {"run.dir=a", "data.videos=b", "train.cuda_graphs=true"};
  CHECK(load(base).train.cuda_graphs);
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return more;
  };
  CHECK_NOTHROW(load(with({"train.accumulation=2", "precision=bfloat16"})));
  const std::string message =
      sana_test::message_of<UserError>([&] { load(with({"train.accumulation=2"})); });
  CHECK(contains(message, "train.cuda_graphs"));
}

TEST_CASE("a mistyped key is answered with the nearest right one", "[train]") {
  const std::string message = sana_test::message_of<UserError>([] {
    load({"run.dir=a", "data.videos=b", "optimizer.weigth_decay=0.1"});
  });
  CHECK(contains(message, "weight_decay"));
}

}  // namespace
