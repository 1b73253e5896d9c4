// Checkpoints of a run: folders that are whole or absent.
//
//   run/step-00002000/
//     manifest.json          format, step, task, versions, size and hash of every file
//     config.yaml            as the run was configured
//     model.safetensors      float32 weights
//     ema.safetensors        their moving average, if one is kept
//     optimizer.safetensors  moments
//     ...                    <name>.weights.safetensors and so on of further modules
//     trainer.json           step, positions in the data, names of the modules
//     ...                    what inference needs (train/inference_files.h)
//
// Of several processes each writes some of the tensors (owned_tensors.h): a file is then
// model-00001-of-00002.safetensors and so on, with model.safetensors.index.json, as the public
// loaders know it. Tensors are whole in either, so that any number of processes reads both.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/distributed/communicator.h"
#include "core/files.h"
#include "train/owned_tensors.h"
#include "train/trained_module.h"
#include "train/trainer_state.h"

namespace sana::train {

// What a checkpoint says beside its tensors.
struct CheckpointHead {
  int64_t step = 0;
  std::string task;
  std::string config_yaml;
  TrainerState trainer;
};

struct CheckpointContent : CheckpointHead {
  std::vector<ModuleState> modules;
};

// A file of tensors that one process has written.
struct WrittenShard {
  std::string file;  // "model.safetensors", of which it is all or a part
  std::string name;  // its own
  FileDigest digest;
  std::map<std::string, int64_t> tensors;  // bytes of each
};

// Writes what is this process' of each part into the folder, hashed on the way. Throws
// EnvironmentError, also soon after `is_cancelled` has become true.
std::vector<WrittenShard> write_shards(const std::filesystem::path& folder,
                                       const std::vector<SavedPart>& parts,
                                       const std::atomic<bool>& is_cancelled);

// run_dir/step-NNNNNNNN, written aside first: whole or absent. No checkpoint that was there before
// is touched when the disk is full or not writable (EnvironmentError of all members).
class CheckpointWriter {
 public:
  CheckpointWriter(const std::filesystem::path& run_dir, int64_t step);
  // Where all other files go, before seal().
  const std::filesystem::path& folder() const { return staged_.path(); }
  // Adds indices, head and manifest to the shards of all processes, and makes the folder final;
  // returns its path. Throws InternalError unless the shards hold exactly the tensors of `parts`.
  std::filesystem::path seal(const CheckpointHead& head, const std::vector<SavedPart>& parts,
                             const std::vector<WrittenShard>& shards);

 private:
  std::filesystem::path target_;
  StagedDirectory staged_;
};

// Reads and checks a checkpoint of any number of processes. Throws UserError that lists every
// missing file, wrong size and wrong hash, or says that it is of another format. Tensors are
// memory-mapped.
CheckpointContent load_checkpoint(const std::filesystem::path& folder);
// The same on all members of a group, each of which compares some of the files with their hashes.
CheckpointContent load_checkpoint(const std::filesystem::path& folder, Communicator& group);

// Deletes all but the newest `keep` checkpoints and those of every `keep_every`-th step after the
// start (0: none). What cannot be deleted is warned about.
void prune_checkpoints(const std::filesystem::path& run_dir, int64_t keep, int64_t keep_every = 0);

// Deletes what a killed program left half-written or half-deleted.
void remove_leftovers(const std::filesystem::path& run_dir);

}  // namespace sana::train
