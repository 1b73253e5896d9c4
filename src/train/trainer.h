// The training loop, the same for every task.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/random.h"
#include "train/build.h"
#include "train/ema.h"
#include "train/master_weights.h"
#include "train/micro_step.h"
#include "train/optimizer.h"
#include "train/run_log.h"
#include "train/step_meter.h"
#include "train/trainer_config.h"

namespace sana::train {

class Trainer {
 public:
  // Opens the data, builds the model and restores the checkpoint to go on from, if there is one.
  // run.dir must exist. `resolved_yaml` is kept in every checkpoint.
  Trainer(const TrainConfig& config, std::string resolved_yaml);

  // Trains to the last step. kTerminated when a signal asked to stop: the step was finished and
  // saved. Throws UserError after too many skipped steps (and writes bad_batch.json).
  ExitCode run();

 private:
  void restore(const std::filesystem::path& checkpoint);
  void start();
  void train_step();
  data::Batch next_batch(bool image_step);
  // Samples that could not be read so far.
  int64_t num_damaged() const;
  double current_lr() const;
  bool due(int64_t every_steps) const;

  void report();
  void note_bad_steps(const WindowReport& report);
  void validate();
  void preview();
  void save();
  ExitCode stopped() const;
  // Of a checkpoint that has all the steps.
  ExitCode nothing_left() const;
  void log_start_table() const;
  // The weights that are measured, shown and shipped: the average where one is kept.
  WeightSwap inference_weights();

  TrainConfig config_;
  std::string resolved_yaml_;
  std::optional<std::filesystem::path> resumed_from_;
  c10::Device device_;
  Datasets datasets_;
  std::unique_ptr<Objective> objective_;
  MasterWeights weights_;
  MicroStep micro_step_;
  AdamW optimizer_;
  std::optional<Ema> ema_;
  RandomStreams streams_;
  bool gradients_checked_ = false;
  StepMeter meter_;
  TrainerState state_;
  std::unique_ptr<data::PrefetchLoader> videos_, images_;
  std::unique_ptr<RunLog> log_;
  WindowTimes times_;
};

}  // namespace sana::train
