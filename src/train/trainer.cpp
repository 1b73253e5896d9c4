#include "train/trainer.h"

#include <ATen/ATen.h>

#include "checkpoints/run_folder.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "data/prepared/sample_store.h"
#include "model/state_dict.h"
#include "train/checkpoint.h"
#include "train/resume.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// Where the order is the saved one, its position; else the start of an epoch not seen yet.
StreamState continued(const StreamState& saved, const OrderKey& order, const char* key) {
  if (saved.order == order) return saved;
  if (!saved.order.fingerprint.empty() && !order.fingerprint.empty()) {
    log::warning(
        "{}: data set, batch size or seed changed since the checkpoint: a new epoch begins", key);
  }
  return {order, {saved.position.epoch + 1, 0}};
}

// The most that batches waiting for their turn take.
int64_t bytes_read_ahead(const DataConfig& config, const Datasets& datasets) {
  const auto batches = [&](const data::Dataset& dataset, int64_t batch_size) {
    int64_t largest = 0;
    for (int64_t i = 1; i < dataset.size(); ++i) {
      if (dataset.info(i).bucket.pixels() > dataset.info(largest).bucket.pixels()) largest = i;
    }
    return config.prefetch * batch_size * data::sample_bytes(dataset.like(largest));
  };
  return batches(*datasets.videos, config.batch_size) +
         (datasets.images ? batches(*datasets.images, config.image_batch_size) : 0);
}

}  // namespace

Trainer::Trainer(const TrainConfig& config, std::string resolved_yaml)
    : config_(config),
      resolved_yaml_(std::move(resolved_yaml)),
      resumed_from_(checkpoint_to_resume(config.run)),
      device_(parse_device(config.device)),
      datasets_(build_datasets(config, device_)),
      objective_(build_objective(config, datasets_, device_, !resumed_from_)),
      weights_(objective_->module(), parse_dtype(config.precision)),
      micro_step_(*objective_, 1.0 / double(config.train.accumulation),
                  config.train.cuda_graphs && device_.is_cuda()),
      optimizer_(weights_.names(), weights_.weights(), config.optimizer),
      streams_(uint64_t(config.run.seed)),
      meter_(objective_->metric_parts()) {
  if (config.train.ema_decay) ema_.emplace(weights_.weights(), *config.train.ema_decay);
  state_.videos.order = video_order(config_, datasets_);
  state_.images.order = image_order(config_, datasets_);
  if (resumed_from_) restore(*resumed_from_);
  videos_ = build_loader(config_, "data.videos", datasets_.videos, state_.videos, device_);
  images_ = build_loader(config_, "data.images", datasets_.images, state_.images, device_);
  log_ = std::make_unique<RunLog>(config_.run.dir, state_.step, config_.train.steps, device_);
}

ExitCode Trainer::run() {
  const SideStream stream(device_);
  log_start_table();
  if (resumed_from_ && state_.step >= config_.train.steps) return nothing_left();
  start();
  while (state_.step < config_.train.steps) {
    train_step();
    const bool last = state_.step == config_.train.steps;
    const bool stop = stop_signal() != 0 && !last;
    const bool save_now = due(config_.train.checkpoint_every_steps) || last || stop;
    if (due(config_.train.log_every_steps) || save_now) report();
    if (!stop && (due(config_.train.validate_every_steps) || last)) validate();
    if (!stop && (due(config_.preview.every_steps) || last)) preview();
    if (save_now) save();
    if (stop) return stopped();
  }
  log::info("trained to step {}; checkpoint: {}", state_.step,
            (fs::path(config_.run.dir) / checkpoints::checkpoint_name(state_.step)).string());
  return ExitCode::kOk;
}

ExitCode Trainer::nothing_left() const {
  if (state_.step > config_.train.steps) {
    log::warning("train.steps is {}, but {} has reached step {} already", config_.train.steps,
                 resumed_from_->string(), state_.step);
  }
  log::info(
      "nothing is left to train: it is trained to step {}; checkpoint: {} (a larger "
      "train.steps goes on from it)",
      state_.step, resumed_from_->string());
  return ExitCode::kOk;
}

// A wrong path or a full disk shows now and not at the first checkpoint.
void Trainer::start() {
  if (resumed_from_) {
    // A kill may have come before the last of these.
    prune_checkpoints(config_.run.dir, config_.train.keep_last);
    return;
  }
  validate();
  preview();
  save();
}

void Trainer::train_step() {
  const Stopwatch stopwatch(times_.train_s);
  const double lr = current_lr();
  const int64_t number = state_.step + 1;
  const bool image_step = images_ && number % config_.data.image_every_steps == 0;
  for (int64_t micro = 0; micro < config_.train.accumulation; ++micro) {
    const data::Batch batch = next_batch(image_step);
    const LossOutput output = micro_step_.run(objective_->draw(batch, streams_));
    weights_.collect_gradients();
    meter_.add(output, batch);
    state_.samples_seen += batch.data.size(0);
  }
  if (!gradients_checked_) weights_.require_gradients(objective_->may_lack_gradient());
  gradients_checked_ = true;
  const at::Tensor norm = clip_gradients(weights_.gradients(), config_.optimizer.gradient_clip);
  const at::Tensor finite = meter_.step_loss().isfinite().logical_and(norm.isfinite());
  const at::Tensor skip = finite.logical_not().to(at::kFloat);
  optimizer_.step(weights_.weights(), weights_.gradients(), lr, skip);
  weights_.clear_gradients();
  weights_.publish();
  if (ema_) ema_->update(weights_.weights(), state_.step);
  meter_.finish_step(number, image_step, norm, skip);
  state_.step = number;
}

data::Batch Trainer::next_batch(bool image_step) {
  const Stopwatch stopwatch(times_.data_s);
  return (image_step ? images_ : videos_)->next();
}

int64_t Trainer::num_damaged() const {
  return videos_->damaged().size() + (images_ ? images_->damaged().size() : 0);
}

double Trainer::current_lr() const {
  return learning_rate(config_.schedule, config_.optimizer.lr, state_.step, config_.train.steps);
}

bool Trainer::due(int64_t every_steps) const {
  return every_steps > 0 && state_.step % every_steps == 0;
}

void Trainer::report() {
  WindowReport report;
  {
    const Stopwatch stopwatch(times_.train_s);
    report = meter_.take();
  }
  state_.skipped += int64_t(report.bad_steps.size());
  const double lr =
      learning_rate(config_.schedule, config_.optimizer.lr, state_.step - 1, config_.train.steps);
  log_->window(state_.step, report, lr, state_.skipped, num_damaged(), times_);
  times_ = {};
  note_bad_steps(report);
}

void Trainer::note_bad_steps(const WindowReport& report) {
  if (report.bad_steps.empty()) return;
  nlohmann::ordered_json list;
  for (const BadStep& bad : report.bad_steps) {
    log::warning("step {} skipped: loss {}, gradient norm {}; clips: {}", bad.step, bad.loss,
                 bad.grad_norm, fmt::join(bad.ids, ", "));
    // As text, since JSON has no word for nan.
    list.push_back({{"step", bad.step},
                    {"ids", bad.ids},
                    {"loss", fmt::format("{}", bad.loss)},
                    {"grad_norm", fmt::format("{}", bad.grad_norm)}});
  }
  if (state_.skipped <= config_.train.max_skipped_steps) return;
  const fs::path file = fs::path(config_.run.dir) / "bad_batch.json";
  write_file_atomically(file, dump_json(list, 2) + "\n");
  throw UserError(
      fmt::format("{} steps had a loss or gradient that is not finite (train.max_skipped_steps is "
                  "{}); the last at step {}. Its clips are in '{}'. Look at them, or lower "
                  "optimizer.lr; the run goes on from its newest checkpoint",
                  state_.skipped, config_.train.max_skipped_steps, report.bad_steps.back().step,
                  file.string()));
}

WeightSwap Trainer::inference_weights() {
  const auto dtype = objective_->inference_dtype(parse_dtype(config_.precision));
  return WeightSwap(weights_, ema_ ? ema_->weights() : weights_.weights(), dtype);
}

void Trainer::validate() {
  const WeightSwap swap = inference_weights();
  const nlohmann::ordered_json values = objective_->validate();
  if (!values.is_null()) log_->validation(state_.step, values);
}

void Trainer::preview() {
  if (config_.preview.every_steps == 0) return;
  const WeightSwap swap = inference_weights();
  const fs::path folder =
      fs::path(config_.run.dir) / "previews" / checkpoints::checkpoint_name(state_.step);
  ensure_writable_directory(folder);
  objective_->preview(folder);
  log::info("previews: {}", folder.string());
}

void Trainer::save() {
  state_.videos.position = videos_->position();
  if (images_) state_.images.position = images_->position();
  CheckpointContent content;
  content.step = state_.step;
  content.task = config_.task;
  content.config_yaml = resolved_yaml_;
  content.trainer = state_.to_json();
  content.model = weights_.state();
  if (ema_) content.ema = weights_.state_with(ema_->weights());
  content.optimizer = optimizer_.state();
  content.random = streams_.state();
  const WeightSwap swap = inference_weights();
  const fs::path saved = save_checkpoint(config_.run.dir, content, [&](const fs::path& folder) {
    objective_->write_inference_files(folder);
  });
  log::info("saved {}", saved.string());
  prune_checkpoints(config_.run.dir, config_.train.keep_last);
}

void Trainer::restore(const fs::path& checkpoint) {
  log::info("resuming from {}", checkpoint.string());
  const CheckpointContent content = load_checkpoint(checkpoint);
  require(content.task == config_.task,
          "cannot resume from {}: it was trained for task {}, this is {}", checkpoint.string(),
          content.task, config_.task);
  weights_.restore(content.model, (checkpoint / "model.safetensors").string());
  optimizer_.restore(content.optimizer, (checkpoint / "optimizer.safetensors").string());
  if (ema_ && content.ema.empty()) {
    log::warning("{} has no averaged weights: the average starts anew", checkpoint.string());
    ema_.emplace(weights_.weights(), *config_.train.ema_decay);
  } else if (ema_) {
    model::copy_tensors(weights_.state_with(ema_->weights()), content.ema,
                        (checkpoint / "ema.safetensors").string());
  }
  streams_.restore(content.random, device_);
  const TrainerState saved =
      TrainerState::from_json(content.trainer, (checkpoint / "trainer.json").string());
  const OrderKey videos = state_.videos.order, images = state_.images.order;
  state_ = saved;
  state_.videos = continued(saved.videos, videos, "data.videos");
  state_.images = continued(saved.images, images, "data.images");
}

ExitCode Trainer::stopped() const {
  log::info(
      "stopped by a signal after step {}, which is saved; the same command goes on from there",
      state_.step);
  return ExitCode::kTerminated;
}

void Trainer::log_start_table() const {
  auto rows = objective_->describe();
  const int64_t parameters = model::count_parameters(objective_->module());
  const bool half = config_.precision == "bfloat16";
  // Per parameter: weight, gradient, two moments, perhaps an average; in bfloat16 two bytes more
  // for weight and gradient each.
  const int64_t bytes = parameters * (16 + (ema_ ? 4 : 0) + (half ? 4 : 0));
  const int64_t batch = config_.data.batch_size * config_.train.accumulation;
  rows.insert(rows.begin() + 1,
              {"parameters", fmt::format("{:.3f} million", double(parameters) / 1e6)});
  rows.push_back({"device", fmt::format("{}, {}", device_.str(), config_.precision)});
  rows.push_back({"weights and optimizer", bytes_string(bytes)});
  rows.push_back({"batch", fmt::format("{} = {} x {} accumulated", batch, config_.data.batch_size,
                                       config_.train.accumulation)});
  rows.push_back({"videos", fmt::format("{} samples", datasets_.videos->size())});
  for (const MixtureConfig& set : config_.data.mixture) {
    rows.push_back({"", fmt::format("{}, weight {:g}", set.path, set.weight)});
  }
  if (datasets_.images) {
    rows.push_back({"images", fmt::format("{} samples, every {} steps", datasets_.images->size(),
                                          config_.data.image_every_steps)});
  }
  if (datasets_.validation) {
    rows.push_back({"validation", fmt::format("{} samples", datasets_.validation->size())});
  }
  rows.push_back(
      {"reading", fmt::format("{} threads, {} batches ahead: at most {}, and {} MiB cache",
                              config_.data.num_workers, config_.data.prefetch,
                              bytes_string(bytes_read_ahead(config_.data, datasets_)),
                              config_.data.cache_mib)});
  rows.push_back({"steps", fmt::format("{} to {}", state_.step, config_.train.steps)});
  rows.push_back({"start", resumed_from_ ? resumed_from_->string() : "step 0"});
  log_table(rows);
}

}  // namespace sana::train
