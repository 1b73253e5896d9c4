#include "train/checkpoint.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "checkpoints/manifest.h"
#include "checkpoints/run_folder.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "core/log.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// Suffix of a checkpoint that is being deleted; ".partial" is that of one being written.
constexpr const char* kDeleted = ".deleted";

ModuleState load_module(const fs::path& folder, const std::string& name) {
  const auto file = [&](const char* part) { return folder / module_file(name, part); };
  const auto load = [&](const char* part) {
    const fs::path found = find_safetensors(file(part));
    return load_safetensors(found.empty() ? file(part) : found);  // which says what is missing
  };
  const bool has_average = !find_safetensors(file("average")).empty();
  return {name, load("weights"), has_average ? load("average") : TensorMap(), load("optimizer")};
}

// The index of a part, where it has several shards. What is saved must be what is tracked.
void write_index(const fs::path& folder, const SavedPart& part,
                 const std::vector<WrittenShard>& shards) {
  std::map<std::string, std::string> shard_of;
  std::vector<std::string> saved;
  int64_t bytes = 0;
  for (const WrittenShard& shard : shards) {
    if (shard.file != part.file) continue;
    for (const auto& [name, size] : shard.tensors) {
      saved.push_back(name);
      shard_of[name] = shard.name;
      bytes += size;
    }
  }
  std::vector<std::string> tracked = part.names, differ;
  std::sort(saved.begin(), saved.end());
  std::sort(tracked.begin(), tracked.end());
  std::set_symmetric_difference(saved.begin(), saved.end(), tracked.begin(), tracked.end(),
                                std::back_inserter(differ));
  if (!differ.empty()) {
    throw InternalError(fmt::format("{}: what was saved is not what is trained: {}", part.file,
                                    fmt::join(differ, ", ")));
  }
  if (part.shards > 1) {
    write_safetensors_index(safetensors_index_of(folder / part.file), shard_of, bytes);
  }
}

CheckpointContent load_checked(const fs::path& folder, const checkpoints::Manifest& manifest) {
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

}  // namespace

CheckpointWriter::CheckpointWriter(const fs::path& run_dir, int64_t step)
    : target_(run_dir / checkpoints::checkpoint_name(step)), staged_(target_) {}

fs::path CheckpointWriter::seal(const CheckpointHead& head, const std::vector<SavedPart>& parts,
                                const std::vector<WrittenShard>& shards) {
  for (const SavedPart& part : parts) write_index(folder(), part, shards);
  write_file_atomically(folder() / "config.yaml", head.config_yaml);
  write_file_atomically(folder() / "trainer.json", dump_json(head.trainer.to_json(), 2) + "\n");
  checkpoints::Manifest manifest = {head.step, head.task};
  for (const WrittenShard& shard : shards) manifest.files[shard.name] = shard.digest;
  checkpoints::write_manifest(folder(), manifest);
  staged_.commit();
  return target_;
}

std::vector<WrittenShard> write_shards(const fs::path& folder, const std::vector<SavedPart>& parts,
                                       const std::atomic<bool>& is_cancelled) {
  std::vector<WrittenShard> shards;
  for (const SavedPart& part : parts) {
    if (part.tensors.empty()) continue;
    WrittenShard& shard = shards.emplace_back(part.file, part.name_of_shard());
    TensorList list;
    for (const auto& [name, tensor] : part.tensors) {
      list.push_back(lazy_tensor(name, tensor));
      shard.tensors[name] = list.back().num_bytes();
      list.back().load = [&is_cancelled, tensor = tensor] {
        if (is_cancelled) throw EnvironmentError("the writing of a checkpoint was given up");
        return tensor;
      };
    }
    shard.digest = save_hashed_tensor_list(folder / shard.name, list, part.metadata);
  }
  return shards;
}

CheckpointContent load_checkpoint(const fs::path& folder) {
  return load_checked(folder, checkpoints::check_manifest(folder));
}

CheckpointContent load_checkpoint(const fs::path& folder, Communicator& group) {
  return load_checked(folder, checkpoints::check_manifest(folder, group));
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
