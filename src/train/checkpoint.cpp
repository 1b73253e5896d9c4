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

TensorMap load_optional(const fs::path& file) {
  return fs::exists(file) ? load_safetensors(file) : TensorMap();
}

}  // namespace

fs::path save_checkpoint(const fs::path& run_dir, const CheckpointContent& content,
                         const ExtraFiles& extra) {
  const fs::path target = run_dir / checkpoints::checkpoint_name(content.step);
  StagedDirectory staged(target);
  const fs::path& folder = staged.path();
  write_file_atomically(folder / "config.yaml", content.config_yaml);
  write_file_atomically(folder / "trainer.json", dump_json(content.trainer, 2) + "\n");
  save_safetensors(folder / "model.safetensors", content.model, {{"format", "pt"}});
  if (!content.ema.empty()) {
    save_safetensors(folder / "ema.safetensors", content.ema, {{"format", "pt"}});
  }
  save_safetensors(folder / "optimizer.safetensors", content.optimizer);
  save_safetensors(folder / "random.safetensors", content.random);
  if (extra) extra(folder);
  checkpoints::write_manifest(folder, {content.step, content.task});
  staged.commit();
  return target;
}

CheckpointContent load_checkpoint(const fs::path& folder) {
  const checkpoints::Manifest manifest = checkpoints::check_manifest(folder);
  CheckpointContent content;
  content.step = manifest.step;
  content.task = manifest.task;
  content.config_yaml = read_text_file(folder / "config.yaml", kMaxConfigBytes);
  content.trainer = read_json_file(folder / "trainer.json", kMaxConfigBytes);
  content.model = load_safetensors(folder / "model.safetensors");
  content.ema = load_optional(folder / "ema.safetensors");
  content.optimizer = load_safetensors(folder / "optimizer.safetensors");
  content.random = load_safetensors(folder / "random.safetensors");
  return content;
}

void prune_checkpoints(const fs::path& run_dir, int64_t keep) {
  const auto all = checkpoints::list_checkpoints(run_dir);
  for (size_t i = 0; i + size_t(keep) < all.size(); ++i) {
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
