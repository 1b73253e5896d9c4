// Saves a run while it trains: each process writes its tensors, rank 0 makes the checkpoint of them.
//
//   save      all: copies to the host; rank 0: the folder step-N.partial
//   write     each, in the background: its shards, synced, hashed on the way
//   agree     all, in the collective that each step has anyway: whether everyone is done
//   seal      rank 0, in the background: indices, manifest, sync, rename; older checkpoints go
//
// Nobody waits for another's disk, and no collective is used in the background: a process that is
// lost is missed by the steps, as ever. A checkpoint is whole from the step on that follows the
// slowest write. What fails on one process is thrown by all in the same step, and leaves the
// checkpoints that were there.
#pragma once
#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/distributed/world.h"
#include "train/background_task.h"
#include "train/checkpoint.h"

namespace sana::train {

class CheckpointSaver {
 public:
  struct Settings {
    std::filesystem::path run_dir;
    int64_t keep_last = 1;   // checkpoints, and
    int64_t keep_every = 0;  // those of every so-manieth step; 0: none
  };
  // `world` outlives this.
  CheckpointSaver(Settings settings, const World& world);
  // Gives up what others would have to agree on; what one process writes alone is finished.
  ~CheckpointSaver();
  CheckpointSaver(const CheckpointSaver&) = delete;
  CheckpointSaver& operator=(const CheckpointSaver&) = delete;

  // The members that follow are called by all processes. Each throws what any of them failed with:
  // an EnvironmentError says which rank, on which host, and what.

  // Finishes the checkpoint before and makes the folder of the next one; where further files go,
  // on rank 0.
  std::filesystem::path open(int64_t step);
  // Begins to write the checkpoint whose folder was opened. `more`: what rank 0 adds, in the
  // background; perhaps nothing. `start`: since when training waits.
  void begin(CheckpointHead head, std::vector<SavedPart> parts,
             std::function<void(const std::filesystem::path&)> more, SteadyClock::time_point start);

  // A number for the others, in a collective of every step: the largest of all processes decides
  // what go_on() does.
  double progress() const { return progress_; }
  void go_on(double largest);
  // Until the checkpoint is sealed, whoever has to be waited for.
  void finish();

 private:
  enum class Stage { kIdle, kWriting, kSealing };
  // progress(): what it works at is done, or not yet, or will never be.
  static constexpr int kDone = 0, kBusy = 1, kFailed = 2;

  void run(std::function<void()> work);
  void write(const std::function<void(const std::filesystem::path&)>& more);
  void gather_reports();
  void seal();
  [[noreturn]] void fail_together();
  std::string report() const;

  Settings settings_;
  const World& world_;
  Stage stage_ = Stage::kIdle;
  std::filesystem::path folder_;
  std::optional<CheckpointWriter> writer_;  // of rank 0
  CheckpointHead head_;
  std::vector<SavedPart> parts_;
  std::vector<WrittenShard> shards_;  // of this process, on rank 0 then of all
  SteadyClock::time_point start_;
  double waited_s_ = 0, wrote_s_ = 0;  // of this process, on rank 0 then the most of all
  std::exception_ptr error_;           // set before progress_ becomes kFailed
  std::atomic<bool> is_cancelled_ = false;
  std::atomic<int> progress_ = kDone;
  BackgroundTask task_;  // last: it uses what stands above
};

}  // namespace sana::train
