#include "train/checkpoint.h"

#include <string>
#include <vector>

#include "checkpoints/manifest.h"
#include "checkpoints/run_folder.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "core/log.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// Suffix of a checkpoint that is being deleted; ".partial" is that of one being written.
constexpr const char* kDeleted = ".deleted";

void save_module(const fs::path& folder, const ModuleState& module) {
  const auto file = [&](const char* part) { return folder / module_file(module.name, part); };
  save_safetensors(file("weights"), module.weights, {{"format", "pt"}});
  if (!module.average.empty()) {
    save_safetensors(file("average"), module.average, {{"format", "pt"}});
  }
  save_safetensors(file("optimizer"), module.optimizer);
}

ModuleState load_module(const fs::path& folder, const std::string& name) {
  const auto file = [&](const char* part) { return folder / module_file(name, part); };
  const fs::path average = file("average");
  return {name, load_safetensors(file("weights")),
          fs::exists(average) ? load_safetensors(average) : TensorMap(),
          load_safetensors(file("optimizer"))};
}

}  // namespace

CheckpointWriter::CheckpointWriter(const fs::path& run_dir, int64_t step)
    : target_(run_dir / checkpoints::checkpoint_name(step)), staged_(target_) {}

fs::path CheckpointWriter::finish(const CheckpointContent& content) {
  write_file_atomically(folder() / "config.yaml", content.config_yaml);
  TrainerState trainer = content.trainer;
  trainer.modules.clear();
  for (const ModuleState& module : content.modules) {
    save_module(folder(), module);
    trainer.modules.push_back(module.name);
  }
  write_file_atomically(folder() / "trainer.json", dump_json(trainer.to_json(), 2) + "\n");
  checkpoints::write_manifest(folder(), {content.step, content.task});
  staged_.commit();
  return target_;
}

CheckpointContent load_checkpoint(const fs::path& folder) {
  const checkpoints::Manifest manifest = checkpoints::check_manifest(folder);
  CheckpointContent content;
  content.step = manifest.step;
  content.task = manifest.task;
  content.config_yaml = read_text_file(folder / "config.yaml", kMaxConfigBytes);
  const fs::path trainer = folder / "trainer.json";
  content.trainer =
      TrainerState::from_json(read_json_file(trainer, kMaxConfigBytes), trainer.string());
  for (const std::string& name : content.trainer.modules) {
    content.modules.push_back(load_module(folder, name));
  }
  return content;
}

void prune_checkpoints(const fs::path& run_dir, int64_t keep, int64_t keep_every) {
  const auto all = checkpoints::list_checkpoints(run_dir);
  for (size_t i = 0; i + size_t(keep) < all.size(); ++i) {
    const int64_t step = checkpoints::checkpoint_step(all[i].filename()).value_or(0);
    if (keep_every > 0 && step > 0 && step % keep_every == 0) continue;
    // Renamed first, so that a deletion that is cut short never leaves half a checkpoint.
    fs::path doomed = all[i];
    doomed += kDeleted;
    std::error_code error;
    fs::remove_all(doomed, error);
    fs::rename(all[i], doomed, error);
    if (!error) fs::remove_all(doomed, error);
    if (error)
      log::warning("cannot delete the old checkpoint '{}': {}", all[i].string(), error.message());
  }
}

void remove_leftovers(const fs::path& run_dir) {
  if (!fs::is_directory(run_dir)) return;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(run_dir)) {
    const std::string extension = entry.path().extension().string();
    const bool unfinished = extension == ".partial" || extension == kDeleted;
    if (unfinished && checkpoints::checkpoint_step(entry.path().stem()))
      leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) {
    log::info("removing {}, left by a run that was killed", leftover.string());
    std::error_code error;
    fs::remove_all(leftover, error);
    if (error) log::warning("cannot delete '{}': {}", leftover.string(), error.message());
  }
}

}  // namespace sana::train
