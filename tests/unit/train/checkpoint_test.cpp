#include "train/checkpoint.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>

#include "checkpoints/run_folder.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_file.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"
#include "train/resume.h"
#include "train/trainer_state.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using namespace sana::train;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

CheckpointContent content_of_step(int64_t step) {
  CheckpointContent content;
  content.step = step;
  content.task = "video_dit";
  content.config_yaml = "task: video_dit\n";
  content.trainer.step = step;
  content.trainer.streams["videos"] = {{"fingerprint", 4, 7}, {2, 3}};
  ModuleState model{kMainModule, {}, {}, {}};
  model.weights["w"] = at::full({300, 100}, float(step));
  model.optimizer["step"] = at::full({}, float(step));
  content.modules = {
      model, {"critic", {{"c", at::ones({2})}}, {{"c", at::zeros({2})}}, {{"step", at::ones({})}}}};
  return content;
}

// As one process that writes all of it.
fs::path finish(CheckpointWriter& writer, const CheckpointContent& content) {
  std::vector<SavedPart> parts;
  CheckpointHead head = content;
  head.trainer.modules.clear();
  const auto add = [&](const ModuleState& module, const char* name, const TensorMap& tensors) {
    if (tensors.empty()) return;
    SavedPart& part = parts.emplace_back();
    part.file = module_file(module.name, name);
    part.tensors = tensors;
    for (const auto& [tensor, value] : tensors) part.names.push_back(tensor);
  };
  for (const ModuleState& module : content.modules) {
    head.trainer.modules.push_back(module.name);
    add(module, "weights", module.weights);
    add(module, "average", module.average);
    add(module, "optimizer", module.optimizer);
  }
  const std::atomic<bool> is_cancelled = false;
  return writer.seal(head, parts, write_shards(writer.folder(), parts, is_cancelled));
}

fs::path save_checkpoint(const fs::path& run_dir, const CheckpointContent& content) {
  CheckpointWriter writer(run_dir, content.step);
  return finish(writer, content);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_CASE("a checkpoint gives back what was saved", "[train]") {
  const TemporaryDirectory run;
  CheckpointWriter writer(run.path(), 12);
  write_file_atomically(writer.folder() / "model.json", "{}");
  const fs::path saved = finish(writer, content_of_step(12));
  CHECK(saved == run.path() / "step-00000012");
  const CheckpointContent loaded = load_checkpoint(saved);
  CHECK(loaded.step == 12);
  CHECK(loaded.task == "video_dit");
  CHECK(loaded.config_yaml == "task: video_dit\n");
  REQUIRE(loaded.modules.size() == 2);
  CHECK(at::equal(loaded.modules[0].weights.at("w"), at::full({300, 100}, 12.0f)));
  CHECK(loaded.modules[0].average.empty());
  CHECK(loaded.modules[1].name == "critic");
  CHECK(at::equal(loaded.modules[1].average.at("c"), at::zeros({2})));
  CHECK(loaded.trainer.step == 12);
  const StreamState videos = loaded.trainer.streams.at("videos");
  CHECK(videos.order == OrderKey{"fingerprint", 4, 7});
  CHECK(videos.position == data::Position{2, 3});
  const auto manifest = read_json_file(saved / "manifest.json");
  CHECK(manifest.at("files").contains("model.json"));
  CHECK(manifest.at("config_hash") == hash_text("task: video_dit\n"));
}

TEST_CASE("the newest complete checkpoint is chosen, never a partial one", "[train]") {
  const TemporaryDirectory run;
  CHECK_FALSE(checkpoints::newest_checkpoint(run.path() / "none").has_value());
  save_checkpoint(run.path(), content_of_step(9));
  save_checkpoint(run.path(), content_of_step(100));
  fs::create_directories(run.path() / "step-00000200.partial");
  fs::create_directories(run.path() / "step-00000300");  // no manifest
  fs::create_directories(run.path() / "step-later");
  fs::create_directory_symlink("step-00000009", run.path() / "latest");
  CHECK(checkpoints::newest_checkpoint(run.path()) == run.path() / "step-00000100");
  remove_leftovers(run.path());
  CHECK_FALSE(fs::exists(run.path() / "step-00000200.partial"));
  CHECK(fs::exists(run.path() / "step-00000100" / "manifest.json"));
}

TEST_CASE("the last k checkpoints stay", "[train]") {
  const TemporaryDirectory run;
  for (int64_t step : {1, 2, 3, 4}) save_checkpoint(run.path(), content_of_step(step));
  prune_checkpoints(run.path(), 2);
  CHECK(names_in(run.path()) == std::vector<std::string>{"step-00000003", "step-00000004"});
  prune_checkpoints(run.path(), 5);
  CHECK(names_in(run.path()).size() == 2);
  prune_checkpoints(run.path(), 1, /*keep_every=*/3);
  CHECK(names_in(run.path()) == std::vector<std::string>{"step-00000003", "step-00000004"});
  prune_checkpoints(run.path(), 1, /*keep_every=*/2);
  CHECK(names_in(run.path()) == std::vector<std::string>{"step-00000004"});
}

TEST_CASE("a damaged checkpoint is refused with every damage in one message", "[train]") {
  const TemporaryDirectory run;
  const fs::path saved = save_checkpoint(run.path(), content_of_step(5));
  fs::remove(saved / "critic.weights.safetensors");
  fs::resize_file(saved / "optimizer.safetensors", 20);
  sana_test::change_byte(saved / "model.safetensors", 3);
  const std::string message = message_of<UserError>([&] { load_checkpoint(saved); });
  for (const char* part :
       {"step-00000005", "critic.weights.safetensors is missing",
        "optimizer.safetensors has 20 bytes", "model.safetensors has another content"}) {
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
  }
}

TEST_CASE("a checkpoint of another format is told with the program that goes on with it",
          "[train]") {
  const std::string old = message_of<UserError>([] {
    TrainerState::from_json({{"step", 3}, {"samples_seen", 6}}, "run/trainer.json");
  });
  for (const char* part :
       {"run/trainer.json", "older program", kLastVersionOfFormat1, "init.from"}) {
    CHECK(sana_test::contains(old, part));
  }
  const std::string newer = message_of<UserError>([] {
    TrainerState::from_json({{"format", 9}}, "run/trainer.json");
  });
  CHECK(sana_test::contains(newer, "newer"));
  CHECK(
      sana_test::contains(message_of<UserError>([] {
                            TrainerState::from_json({{"format", 2}, {"step", "x"}}, "trainer.json");
                          }),
                          "step"));
}

TEST_CASE("a full disk while saving is reported and costs no older checkpoint", "[train]") {
  const TemporaryDirectory run;
  save_checkpoint(run.path(), content_of_step(1));
  {
    const sana_test::FileSizeLimit full(40000);  // the weights alone take 120000 bytes
    message_of<EnvironmentError>([&] { save_checkpoint(run.path(), content_of_step(2)); });
  }
  CHECK(names_in(run.path()) == std::vector<std::string>{"step-00000001"});
  CHECK(load_checkpoint(run.path() / "step-00000001").step == 1);
  save_checkpoint(run.path(), content_of_step(2));
  CHECK(load_checkpoint(run.path() / "step-00000002").step == 2);
}

TEST_CASE("a trainer's state of wrong types is refused with file, key and what was expected",
          "[train]") {
  TrainerState state;
  state.step = 12;
  state.modules = {"model"};
  state.streams["videos"] = {{"fingerprint", 4, INT64_MAX}, {2, 3}};
  const nlohmann::json good = nlohmann::json::parse(state.to_json().dump());
  CHECK(TrainerState::from_json(good, "a/trainer.json").streams.at("videos").order.seed ==
        INT64_MAX);
  const auto refusal = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json json = good;
    json[nlohmann::json::json_pointer(pointer)] = value;
    return message_of<UserError>([&] { TrainerState::from_json(json, "a/trainer.json"); });
  };
  for (const nlohmann::json& value :
       std::vector<nlohmann::json>{"12", -1, 1.5, nullptr, UINT64_MAX}) {
    const std::string message = refusal("/step", value);
    INFO(message);
    CHECK(sana_test::contains(message, "a/trainer.json"));
    CHECK(sana_test::contains(message, "'step'"));
    CHECK_FALSE(sana_test::contains(message, "json.exception"));
  }
  CHECK(sana_test::contains(refusal("/streams/videos/cursor", "x"), "'cursor'"));
  CHECK(sana_test::contains(refusal("/streams/videos", 3), "streams.videos"));
  // Files are called after modules.
  CHECK(sana_test::contains(refusal("/modules/0", "../model"), "'modules'"));
}

TEST_CASE("resume never overwrites another course of the run", "[train]") {
  const TemporaryDirectory run, other;
  RunConfig config{.dir = run.path().string(), .seed = 0, .resume = "auto"};
  CHECK_FALSE(checkpoint_to_resume(config).has_value());
  save_checkpoint(run.path(), content_of_step(3));
  save_checkpoint(run.path(), content_of_step(7));
  CHECK(checkpoint_to_resume(config) == run.path() / "step-00000007");
  config.resume = "never";
  CHECK(message_of<UserError>([&] { checkpoint_to_resume(config); }).find("step-00000007") !=
        std::string::npos);
  config.resume = (run.path() / "step-00000003").string();
  CHECK(message_of<UserError>([&] { checkpoint_to_resume(config); }).find("overwritten") !=
        std::string::npos);
  config.dir = other.path().string();
  CHECK(checkpoint_to_resume(config) == run.path() / "step-00000003");
  config.resume = "newest";
  message_of<UserError>([&] { checkpoint_to_resume(config); });
}

}  // namespace
