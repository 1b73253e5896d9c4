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
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/files.h"
#include "train/trained_module.h"
#include "train/trainer_state.h"

namespace sana::train {

struct CheckpointContent {
  int64_t step = 0;
  std::string task;
  std::string config_yaml;
  TrainerState trainer;
  std::vector<ModuleState> modules;
};

// run_dir/step-NNNNNNNN, written aside first: whole or absent. No checkpoint that was there before
// is touched when the disk is full or not writable (EnvironmentError of all members).
class CheckpointWriter {
 public:
  CheckpointWriter(const std::filesystem::path& run_dir, int64_t step);
  // Where further files go, before finish().
  const std::filesystem::path& folder() const { return staged_.path(); }
  // Writes the content and seals the folder; returns its path.
  std::filesystem::path finish(const CheckpointContent& content);

 private:
  std::filesystem::path target_;
  StagedDirectory staged_;
};

// Reads and checks a checkpoint. Throws UserError that lists every missing file, wrong size and
// wrong hash, or says that it is of another format. Tensors are memory-mapped.
CheckpointContent load_checkpoint(const std::filesystem::path& folder);

// Deletes all but the newest `keep` checkpoints and those of every `keep_every`-th step after the
// start (0: none). What cannot be deleted is warned about.
void prune_checkpoints(const std::filesystem::path& run_dir, int64_t keep, int64_t keep_every = 0);

// Deletes what a killed program left half-written or half-deleted.
void remove_leftovers(const std::filesystem::path& run_dir);

}  // namespace sana::train
