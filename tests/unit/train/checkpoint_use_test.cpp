// A checkpoint after it was written: what it shares, how it is named, and whether it is whole.
#include <fstream>
#include <nlohmann/json.hpp>

#include "checkpoints/checkpoint.h"
#include "checkpoints/convert/convert.h"
#include "checkpoints/manifest.h"
#include "checkpoints/model_weights.h"
#include "checkpoints/wan_vae_file.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "core/log.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "support/tiny_vaes.h"
#include "train/export.h"
#include "unit/train/tiny_run.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::checkpoint_of;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

// A run of three steps with a VAE, and checkpoints of each.
train::TrainConfig trained_with_vae(const TemporaryDirectory& folder) {
  model::WanVaeConfig sizes = sana_test::tiny_wan_config();
  sizes.latent_channels = 4;
  sizes.latents_mean.clear();
  sizes.latents_std.clear();
  const model::WanVae vae(sizes);
  fs::create_directories(folder / "vae");
  checkpoints::save_wan_vae(folder / "vae", vae, at::kFloat);
  sana_test::TinyData data;
  data.vae_identity = model::vae_identity(checkpoints::load_wan_vae(folder / "vae"));
  sana_test::write_tiny_latents(folder / "latents", data);
  train::TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.vae_checkpoint = (folder / "vae").string();
  config.train.checkpoint_every_steps = 1;
  sana_test::run(config);
  return config;
}

void damage(const fs::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(-2, std::ios::end);
  const int old = stream.peek();
  stream.put(char(old ^ 0x55));
}

std::string log_of(const train::TrainConfig& config) {
  return read_text_file(fs::path(config.run.dir) / "log.txt");
}

void edit_json(const fs::path& file, const std::function<void(nlohmann::json&)>& change) {
  nlohmann::json json = read_json_file(file);
  change(json);
  write_file_atomically(file, json.dump());
}

}  // namespace

TEST_CASE("checkpoints share their VAE with each other and with nothing else", "[train]") {
  const TemporaryDirectory folder;
  const train::TrainConfig config = trained_with_vae(folder);
  const fs::path first = checkpoint_of(config, 2), last = checkpoint_of(config, 3);
  for (const char* name : {"vae/vae.json", "vae/vae.safetensors"}) {
    CHECK(fs::equivalent(first / name, last / name));
    CHECK_FALSE(fs::equivalent(last / name, folder / name));
  }
  // cp over the source, which keeps its inode.
  folder.file("vae/vae.safetensors", "something else");
  CHECK(checkpoints::check_manifest(last).step == 3);
  const checkpoints::Checkpoint opened = checkpoints::open_checkpoint(last);
  CHECK(opened.vae.load(at::kCPU, at::kFloat)->identity() == opened.pipeline.vae_identity);
}

TEST_CASE("a damaged checkpoint is refused by all that take one, unless told otherwise",
          "[train]") {
  const TemporaryDirectory folder;
  train::TrainConfig config = trained_with_vae(folder);
  const fs::path step = checkpoint_of(config, 3);
  CHECK(checkpoints::open_checkpoint(step).verified == "yes");
  const char* file = nullptr;
  SECTION("its weights") { file = "ema.safetensors"; }
  SECTION("its VAE") { file = "vae/vae.safetensors"; }
  damage(step / file);
  const std::string problem = std::string(file) + " has another content (hash)";
  const auto complaint = [](const std::function<void()>& body) {
    return message_of<UserError>(body);
  };
  CHECK(contains(complaint([&] { checkpoints::open_checkpoint(step); }), problem));
  CHECK(contains(complaint([&] { train::export_checkpoint(step, folder / "e", at::kFloat); }),
                 problem));
  train::TrainConfig longer = config;
  longer.train.steps = 4;
  CHECK(contains(complaint([&] { sana_test::run(longer); }), problem));
  if (std::string(file) == "ema.safetensors") {
    CHECK(contains(complaint([&] { checkpoints::transformer_weights(step); }), problem));
    checkpoints::ConvertOptions options;
    options.source = step;
    options.target = folder / "d";
    CHECK(contains(complaint([&] { checkpoints::convert_checkpoint(options); }), problem));
    options.verifies = false;
    CHECK_NOTHROW(checkpoints::convert_checkpoint(options));
  }
  checkpoints::CheckpointParts parts;
  parts.verifies = false;
  CHECK(checkpoints::open_checkpoint(step, parts).verified == "no (not asked for)");
  CHECK_NOTHROW(train::export_checkpoint(step, folder / "e", at::kFloat, /*verifies=*/false));
}

TEST_CASE("what pipeline.json names stays in the checkpoint, unless an option names it",
          "[train]") {
  const TemporaryDirectory folder;
  const train::TrainConfig config = trained_with_vae(folder);
  const fs::path step = checkpoint_of(config, 3), file = step / "pipeline.json";
  checkpoints::CheckpointParts parts;
  parts.verifies = false;
  const auto complaint = [&](const char* key, const nlohmann::json& value) {
    edit_json(file, [&](nlohmann::json& json) {
      json[nlohmann::json::json_pointer(std::string("/") + key)] = value;
    });
    return message_of<UserError>([&] { checkpoints::open_checkpoint(step, parts); });
  };
  SECTION("the VAE") {
    for (const std::string& place : {std::string("../../vae"), (folder / "vae").string()}) {
      const std::string message = complaint("vae", place);
      CHECK(contains(message, "vae: '" + place + "' is no name inside its folder"));
      CHECK(contains(message, "--vae"));
    }
    parts.vae = folder / "vae";
    CHECK(checkpoints::open_checkpoint(step, parts).vae.path == parts.vae);
  }
  SECTION("the text encoder") {
    const std::string message = complaint("text_encoder/path", "../../encoder");
    CHECK(contains(message, "text_encoder.path: '../../encoder' is no name inside its folder"));
    CHECK(contains(message, "--text-encoder"));
    // Training writes an absolute path, together with the identity that the encoder must have.
    edit_json(file, [&](auto& json) { json["text_encoder"]["path"] = folder.path().string(); });
    CHECK_NOTHROW(checkpoints::open_checkpoint(step, parts));
    CHECK(contains(complaint("text_encoder_identity", ""), "--text-encoder"));
    parts.text_encoder = folder / "encoder";
    CHECK(checkpoints::open_checkpoint(step, parts).pipeline.text_encoder.path ==
          parts.text_encoder);
  }
  SECTION("sizes") {
    CHECK(contains(complaint("buckets/0/height", 65536), "between 1 and 16384"));
    CHECK(contains(complaint("buckets/0/frames", 4000001), "between 1 and 65536"));
    edit_json(file, [&](auto& json) { json["buckets"][0]["height"] = 16384; });
    edit_json(file, [&](auto& json) { json["buckets"][0]["width"] = 16384; });
    CHECK(contains(complaint("buckets/0/frames", 10000), "larger than any clip"));
  }
}

TEST_CASE("a run goes on from a checkpoint by any name, a link to one, or another run's folder",
          "[train]") {
  const TemporaryDirectory folder;
  const train::TrainConfig config = trained_with_vae(folder);
  const fs::path run = config.run.dir;
  fs::copy(checkpoint_of(config, 2), folder / "best", fs::copy_options::recursive);
  fs::create_directory_symlink("step-00000002", run / "latest");
  train::TrainConfig next = config;
  next.train.steps = 4;
  int64_t from = 0;
  SECTION("renamed") {
    next.run.resume = (folder / "best").string();
    from = 2;
  }
  SECTION("a link") {
    next.run.resume = (run / "latest").string();
    from = 2;
  }
  SECTION("a run") {
    next.run.resume = run.string();
    from = 3;
  }
  next.run.dir = (folder / "next").string();
  CHECK(sana_test::run(next) == ExitCode::kOk);
  CHECK(sana_test::metrics_of(next).front().at("step") == from + 1);
  CHECK(fs::exists(checkpoint_of(next, 4) / "manifest.json"));
}

TEST_CASE("an export and a leftover cannot be resumed, and say why", "[train]") {
  const TemporaryDirectory folder;
  train::TrainConfig config = trained_with_vae(folder);
  train::export_checkpoint(config.run.dir, folder / "small", at::kFloat);
  config.run.resume = (folder / "small").string();
  CHECK(contains(message_of<UserError>([&] { sana_test::run(config); }), "init.from"));
  // It can be exported again, in another precision.
  CHECK_NOTHROW(train::export_checkpoint(folder / "small", folder / "smaller", at::kBFloat16));
  fs::rename(checkpoint_of(config, 3), folder / "step-00000003.deleted");
  config.run.resume = (folder / "step-00000003.deleted").string();
  CHECK(contains(message_of<UserError>([&] { sana_test::run(config); }), "what is left of"));
}

TEST_CASE("where nothing is left to train, the checkpoint that is there is named", "[train]") {
  const TemporaryDirectory folder;
  const train::TrainConfig config = trained_with_vae(folder);
  train::TrainConfig again = config;
  again.run.dir = (folder / "again").string();
  again.run.resume = config.run.dir;
  log::initialize({.level = log::Level::kInfo, .file = {}});  // tests are silent else
  CHECK(sana_test::run(again) == ExitCode::kOk);
  const std::string checkpoint = checkpoint_of(config, 3).string();
  CHECK(contains(log_of(again), "trained to step 3; checkpoint: " + checkpoint));
  again.train.steps = 2;
  CHECK(sana_test::run(again) == ExitCode::kOk);
  CHECK(contains(log_of(again),
                 "train.steps is 2, but " + checkpoint + " has reached step 3 already"));
  log::initialize({.level = log::Level::kOff, .file = {}});
}
