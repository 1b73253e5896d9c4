// The training loop, the same for every task.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/distributed/mesh.h"
#include "core/distributed/wait_clock.h"
#include "core/distributed/world.h"
#include "core/error.h"
#include "train/checkpoint_saver.h"
#include "train/data_streams.h"
#include "train/host_copies.h"
#include "train/method.h"
#include "train/run_log.h"
#include "train/step_flops.h"
#include "train/step_meter.h"
#include "train/trainer_config.h"

namespace sana::train {

class Trainer {
 public:
  // Opens the data, builds the model and restores the checkpoint to go on from, if there is one.
  // run.dir must exist. `resolved_yaml` is kept in every checkpoint. `world`, which outlives this:
  // the processes that share the run; rank 0 measures, saves and tells.
  Trainer(const TrainConfig& config, std::string resolved_yaml, World& world);

  // Trains to the last step. kTerminated when a signal asked any process to stop: the step was
  // finished and saved. Throws UserError after too many skipped steps (and writes bad_batch.json).
  ExitCode run();

 private:
  void restore(const std::filesystem::path& checkpoint);
  void start();
  void train_step();
  data::Batch next_batch(size_t stream);
  bool due(int64_t every_steps) const;

  // As should_stop(); its time is the step's.
  bool agreed_to_stop();
  void report();
  // Of this process to those of all.
  void share_times(int64_t steps);
  void name_bad_samples_of_all(WindowReport& report);
  void note_bad_steps(const WindowReport& report);
  // What rank 0 does with the inference weights while the others wait for it.
  void on_main(const std::string& name, const std::function<void()>& body);
  void look(const std::string& what, const std::function<void()>& body);
  bool should_stop();
  void validate();
  void preview();
  void save();
  ExitCode stopped();
  // Of a checkpoint that has all the steps.
  ExitCode nothing_left() const;
  std::string mesh_text() const;
  void log_start_table() const;

  TrainConfig config_;
  std::string resolved_yaml_;
  World& world_;
  std::shared_ptr<WaitClock> comm_waits_;  // for the others
  WaitClock data_waits_;
  std::unique_ptr<Communicator> data_;  // world_.data, timed by comm_waits_
  std::vector<std::string> hosts_;      // by rank
  Mesh mesh_;
  std::unique_ptr<Communicator> clip_control_;  // as world_.control, of those that share clips
  std::optional<std::filesystem::path> resumed_from_;
  c10::Device device_;
  Datasets datasets_;
  std::unique_ptr<Method> method_;
  TrainerState state_;
  std::unique_ptr<DataStreams> streams_;
  StepMeter meter_;
  std::unique_ptr<RunLog> log_;
  StepFlops flops_;
  WindowTimes times_;
  HostCopies copies_;
  CheckpointSaver saver_;  // last: it uses what stands above
};

}  // namespace sana::train
