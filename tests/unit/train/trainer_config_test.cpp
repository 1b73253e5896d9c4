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
    load({"task=vae", "run.dir=a", "data.videos=b", "data.crop.frames=16", "data.crop.width=100"});
  });
  for (const char* part : {"4k+1", "multiple of 8"}) {
    INFO(vae);
    CHECK(contains(vae, part));
  }
}

TEST_CASE("a task has its own keys; those of another are told as such, all at once", "[train]") {
  const std::vector<std::string> base = {"run.dir=a", "data.videos=b"};
  const auto complaints = [&](std::vector<std::string> keys) {
    keys.insert(keys.begin(), base.begin(), base.end());
    return sana_test::message_of<UserError>([&] { load(keys); });
  };
  const std::string vae =
      complaints({"task=vae", "train.gradient_checkpointing=true", "flow.shift=1",
                  "model.num_layers=2", "vae_checkpoint=c", "text_encoder.path=d",
                  "data.caption_dropout=0.5", "preview.prompts=[e]", "preview.sampler.steps=4"});
  for (const char* key :
       {"train.gradient_checkpointing", "flow", "model", "vae_checkpoint", "text_encoder",
        "data.caption_dropout", "preview.prompts", "preview.sampler"}) {
    INFO(vae << key);
    CHECK(contains(vae, key));
  }
  CHECK(contains(vae, "is no key of task vae"));
  const std::string dit = complaints({"vae.base_dim=4", "vae_loss.kl=1", "data.crop.frames=5",
                                      "train.latent_statistics_samples=3"});
  for (const char* key : {"vae", "vae_loss", "data.crop", "train.latent_statistics_samples"}) {
    INFO(dit << key);
    CHECK(contains(dit, key));
  }
  // What is written holds the keys of its task only, and is read again.
  const std::string yaml = sana::config::to_yaml(load({"task=vae", "run.dir=a", "data.videos=b"}));
  CHECK_FALSE(contains(yaml, "caption_dropout"));
  CHECK(contains(yaml, "latent_statistics_samples"));
  CHECK(sana::config::load_text<TrainConfig>(yaml, "resolved").task == "vae");
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

TEST_CASE("the mesh is auto or numbers, and what does not go with a sequence is told", "[train]") {
  const std::vector<std::string> base = {"run.dir=a", "data.videos=b"};
  const auto with = [&](std::vector<std::string> keys) {
    keys.insert(keys.begin(), base.begin(), base.end());
    return keys;
  };
  CHECK(load(base).parallel.mesh(8).replicate == 8);
  CHECK(load(with({"parallel.sequence=2"})).parallel.mesh(8).replicate == 4);
  const TrainConfig both = load(with({"parallel.replicate=3", "parallel.sequence=2"}));
  CHECK(both.parallel.mesh(6).sequence == 2);
  CHECK_THROWS_AS(both.parallel.mesh(8), UserError);
  for (const char* wrong : {"0", "-1", "2.5", "all", "08"}) {
    INFO(wrong);
    const std::string message = sana_test::message_of<UserError>(
        [&] { load(with({fmt::format("parallel.replicate={}", wrong)})); });
    CHECK(contains(message, "must be auto or a number"));
  }
  const std::string recorded = sana_test::message_of<UserError>([&] {
    load(with({"parallel.sequence=2", "train.cuda_graphs=true"}));
  });
  CHECK(contains(recorded, "parallel.sequence=2"));
  CHECK(load(with({"parallel.shard=4"})).parallel.mesh(8).replicate == 2);
  CHECK(load(with({"parallel.replicate=2"})).parallel.mesh(8).shard == 4);
  CHECK(load(with({"task=vae"})).parallel.mesh(8).shard == 1);
  CHECK(load(with({"parallel.shard=4"})).parallel.fewest_processes() == 4);
  const std::string gathered = sana_test::message_of<UserError>([&] {
    load(with({"parallel.shard=2", "train.cuda_graphs=true"}));
  });
  CHECK(contains(gathered, "parallel.shard=2"));
  CHECK_THROWS_AS(load(with({"parallel.shard=none"})), UserError);
  CHECK_THROWS_AS(load(with({"task=vae", "parallel.shard=2"})), UserError);
  const std::string vae = sana_test::message_of<UserError>([&] {
    load(with({"task=vae", "parallel.sequence=2"}));
  });
  CHECK(contains(vae, "is no key of task vae"));
}

TEST_CASE("a precision that a text encoder does not heed is refused", "[train]") {
  const std::vector<std::string> base = {"run.dir=a", "data.videos=b"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return load(more).text_encoder;
  };
  CHECK(with({}).computed_precision() == "float32");
  CHECK(with({"text_encoder.precision=float32"}).computed_precision() == "float32");
  CHECK(with({"text_encoder.name=gemma-2-2b"}).computed_precision() == "bfloat16");
  const std::string message =
      sana_test::message_of<UserError>([&] { with({"text_encoder.precision=bfloat16"}); });
  CHECK(contains(message, "text_encoder.precision"));
  CHECK(contains(message, "all-MiniLM-L6-v2 is computed in float32 only"));
}

TEST_CASE("a mistyped key is answered with the nearest right one", "[train]") {
  const std::string message = sana_test::message_of<UserError>([] {
    load({"run.dir=a", "data.videos=b", "optimizer.weigth_decay=0.1"});
  });
  CHECK(contains(message, "weight_decay"));
}

}  // namespace
