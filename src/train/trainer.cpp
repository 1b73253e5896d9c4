#include "train/trainer.h"

#include <ATen/ATen.h>

#include "checkpoints/run_folder.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/distributed/timed_communicator.h"
#include "core/environment.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "model/state_dict.h"
#include "train/build.h"
#include "train/checkpoint.h"
#include "train/resume.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// Bytes that stay on one process. A parameter has a weight and a gradient (in bfloat16 half as many
// bytes, and the sums of its gradients in float32); and two moments, perhaps an average, in bfloat16
// a float32 copy, which `parts` processes share; with full sharding they share all of it.
int64_t lasting_bytes(TrainedModule& module, bool half, int64_t parts, bool is_full) {
  const int64_t parameters = model::count_parameters(module.module());
  const int64_t shared = 8 + (module.has_average() ? 4 : 0) + (half ? 4 : 0);
  return is_full ? parameters * (8 + shared) / parts : parameters * 8 + parameters * shared / parts;
}

}  // namespace

Trainer::Trainer(const TrainConfig& config, std::string resolved_yaml, World& world)
    : config_(config),
      resolved_yaml_(std::move(resolved_yaml)),
      world_(world),
      comm_waits_(std::make_shared<WaitClock>(device_of_rank(config.device, world.ranks))),
      data_waits_(device_of_rank(config.device, world.ranks)),
      data_(timed(*world.data, comm_waits_)),
      hosts_(world.control->gather_text("hosts", host_name())),
      mesh_(join_mesh(config.parallel.mesh(world.ranks.count), world.ranks, *data_)),
      resumed_from_(agreed_checkpoint(config.run, world)),
      device_(device_of_rank(config.device, world.ranks)),
      datasets_(build_datasets(config, device_, world.is_main())),
      method_(
          build_method(build_objective(config, datasets_, device_, /*load_init=*/!resumed_from_),
                       config, device_, *data_, mesh_)),
      meter_(method_->metric_parts()),
      flops_(config, datasets_),
      saver_({config.run.dir, config.train.keep_last, config.train.keep_every_steps}, world) {
  if (mesh_.sequence) clip_control_ = world.control->split("sequence", mesh_.members);
  if (resumed_from_) restore(*resumed_from_);
  streams_ = std::make_unique<DataStreams>(config_, stream_specs(config_, datasets_),
                                           state_.streams, device_, mesh_.samples,
                                           /*lists_damage=*/mesh_.place == 0);
  for (TrainedModule* module : method_->modules()) module->weights().require_same();
  for (size_t i = 0; i < streams_->size(); ++i) {
    const StreamSpec& spec = streams_->spec(i);
    require_same(*world_.control, spec.key, spec.dataset->fingerprint());
  }
  if (world_.is_main()) {
    log_ = std::make_unique<RunLog>(config_.run.dir, state_.step, config_.train.steps, device_,
                                    parse_dtype(config_.precision));
  }
}

void Trainer::on_main(const std::string& name, const std::function<void()>& body) {
  method_->with_inference_weights(body);
  world_.control->barrier(name, /*patient=*/true);
}

// Asked of all, so that they stop at the same step. They also hear how far each has written the last
// checkpoint: a full disk is no news for the next one only.
bool Trainer::should_stop() {
  const double wish = stop_signal() != 0 ? 1 : 0;
  const at::Tensor most = at::tensor({wish, saver_.progress()}, at::kDouble);
  world_.control->all_reduce("wish to stop", most, Reduction::kMax);
  saver_.go_on(most[1].item<double>());
  return most[0].item<double>() > 0;
}

ExitCode Trainer::run() {
  const SideStream stream(device_);
  if (world_.is_main()) log_start_table();
  start();
  if (resumed_from_ && state_.step >= config_.train.steps) return nothing_left();
  while (state_.step < config_.train.steps) {
    train_step();
    const bool last = state_.step == config_.train.steps;
    const bool stop = !last && agreed_to_stop();
    const bool save_now = due(config_.train.checkpoint_every_steps) || last || stop;
    if (due(config_.train.log_every_steps) || save_now) report();
    if (!stop && (due(config_.train.validate_every_steps) || last)) validate();
    if (!stop && (due(config_.preview.every_steps) || last)) preview();
    if (save_now) save();
    if (stop) return stopped();
  }
  saver_.finish();
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
    if (world_.is_main())
      prune_checkpoints(config_.run.dir, config_.train.keep_last, config_.train.keep_every_steps);
    return;
  }
  validate();
  preview();
  save();
  saver_.finish();
}

void Trainer::train_step() {
  const Stopwatch stopwatch(times_.train_s);
  const WaitClock::Counting comm(*comm_waits_), data(data_waits_);
  const int64_t number = state_.step + 1;
  world_.at_step(number);
  const size_t stream = streams_->due(number);
  meter_.begin_step(streams_->spec(stream).loss_name);
  StepContext context = {number,
                         config_.train.accumulation,
                         [&] { return next_batch(stream); },
                         StepRandom(uint64_t(config_.run.seed), number),
                         meter_,
                         *data_};
  method_->step(context);
  state_.step = number;
}

data::Batch Trainer::next_batch(size_t stream) {
  const WaitClock::Wait wait(data_waits_);
  data::Batch batch = streams_->next(stream);
  if (clip_control_) require_same_samples(*clip_control_, batch);
  state_.samples_seen += batch.data.size(0) * mesh_.sizes.batch_parts();
  if (log_) times_.flops += double(flops_.of(batch)) / double(mesh_.sizes.sequence);
  return batch;
}

bool Trainer::due(int64_t every_steps) const {
  return every_steps > 0 && state_.step % every_steps == 0;
}

// Here the host waits for the slowest; a GPU has work of the step to do meanwhile.
bool Trainer::agreed_to_stop() {
  const Stopwatch stopwatch(times_.train_s);
  if (device_.is_cuda()) return should_stop();
  const WaitClock::Counting comm(*comm_waits_);
  const WaitClock::Wait wait(*comm_waits_);
  return should_stop();
}

void Trainer::share_times(int64_t steps) {
  const auto all =
      gather_times(*world_.control, {times_.train_s, data_waits_.take(), comm_waits_->take()});
  for (const RankTimes& one : all) {
    times_.data_s = std::max(times_.data_s, one.data_s);
    times_.comm_s = std::max(times_.comm_s, one.comm_s);
  }
  times_.slowest = slowest_rank(all);
  if (world_.is_main() && times_.slowest && times_.slowest->is_behind(steps)) {
    log::warning("{}", times_.slowest->text(hosts_, steps));
  }
}

void Trainer::report() {
  WindowReport report;
  {
    const Stopwatch stopwatch(times_.train_s);
    report = meter_.take();
  }
  state_.skipped += int64_t(report.bad_steps.size());
  const double lr = method_->modules().front()->learning_rate(state_.step - 1);
  const auto damaged = static_cast<int64_t>(world_.control->all_reduce(
      "damaged samples", mesh_.place == 0 ? double(streams_->num_damaged()) : 0.0,
      Reduction::kSum));
  report.samples *= mesh_.sizes.batch_parts();
  const int64_t bytes =
      device_.is_cuda() ? peak_device_memory(device_) : host_memory().peak_resident;
  times_.peak_bytes =
      int64_t(world_.control->all_reduce("peak memory", double(bytes), Reduction::kMax));
  share_times(report.steps);
  name_bad_samples_of_all(report);
  if (log_) log_->window(state_.step, report, lr, state_.skipped, damaged, times_);
  times_ = {};
  note_bad_steps(report);
}

// All ranks skip the same steps; those of a sequence with the same samples.
void Trainer::name_bad_samples_of_all(WindowReport& report) {
  for (BadStep& bad : report.bad_steps) {
    const auto lists =
        world_.control->gather_text("samples of a bad step", dump_json(nlohmann::json(bad.ids)));
    bad.ids.clear();
    for (size_t rank = 0; rank < lists.size(); rank += size_t(mesh_.sizes.sequence)) {
      for (const auto& id : nlohmann::json::parse(lists[rank])) bad.ids.push_back(id);
    }
  }
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
  saver_.finish();  // all are here, so that it costs no checkpoint
  if (world_.is_main()) write_file_atomically(file, dump_json(list, 2) + "\n");
  throw UserError(
      fmt::format("{} steps had a loss or gradient that is not finite (train.max_skipped_steps is "
                  "{}); the last at step {}. Its clips are in '{}'. Look at them, or lower "
                  "optimizer.lr; the run goes on from its newest checkpoint",
                  state_.skipped, config_.train.max_skipped_steps, report.bad_steps.back().step,
                  file.string()));
}

// What can be left out is, where a signal asks to stop; the step is saved all the same.
void Trainer::look(const std::string& what, const std::function<void()>& body) {
  on_main(what, [&] {
    try {
      body();
    } catch (const Stopped&) {
      log::info("a signal asks to stop: the {} of step {} is left out", what, state_.step);
    }
  });
}

void Trainer::validate() {
  if (!datasets_.validation) return;
  look("validation", [&] { log_->validation(state_.step, method_->validate()); });
}

void Trainer::preview() {
  if (config_.preview.every_steps == 0) return;
  look("preview", [&] {
    const fs::path folder =
        fs::path(config_.run.dir) / "previews" / checkpoints::checkpoint_name(state_.step);
    ensure_writable_directory(folder);
    method_->preview(folder);
    log::info("previews: {}", folder.string());
  });
}

// Training waits until the tensors are copied, not until they are written.
void Trainer::save() {
  const auto start = SteadyClock::now();
  const fs::path folder = saver_.open(state_.step);  // the copies of the one before are used again
  state_.streams = streams_->state();
  state_.modules.clear();
  std::vector<SavedPart> parts;
  for (TrainedModule* module : method_->modules()) {
    state_.modules.push_back(module->name());
    for (SavedPart& part : module->saved_parts(copies_)) parts.push_back(std::move(part));
  }
  copies_.wait();
  std::function<void(const fs::path&)> later;
  if (method_->inference_files_need_weights()) {
    on_main("files for inference", [&] {
      const StopShield shield;  // the step that a signal ends is saved whole
      method_->write_inference_files(folder);
    });
  } else {
    later = [this](const fs::path& place) { method_->write_inference_files(place); };
  }
  saver_.begin({state_.step, config_.task, resolved_yaml_, state_}, std::move(parts),
               std::move(later), start);
}

void Trainer::restore(const fs::path& checkpoint) {
  log::info("resuming from {}", checkpoint.string());
  const CheckpointContent content = load_checkpoint(checkpoint, *world_.control);
  require(content.task == config_.task,
          "cannot resume from {}: it was trained for task {}, this is {}", checkpoint.string(),
          content.task, config_.task);
  state_ = content.trainer;
  const std::vector<TrainedModule*> modules = method_->modules();
  std::vector<std::string> names;
  for (const TrainedModule* module : modules) names.push_back(module->name());
  require(names == state_.modules,
          "cannot resume from {}: it holds the modules {}, this run has {}", checkpoint.string(),
          fmt::join(state_.modules, ", "), fmt::join(names, ", "));
  for (size_t i = 0; i < modules.size(); ++i) modules[i]->restore(content.modules[i], checkpoint);
}

ExitCode Trainer::stopped() {
  saver_.finish();  // of all: launchers end the others when one leaves with this code
  log::info(
      "stopped by a signal after step {}, which is saved; the same command goes on from there",
      state_.step);
  return ExitCode::kTerminated;
}

std::string Trainer::mesh_text() const {
  const MeshSizes& sizes = mesh_.sizes;
  const bool in_parts = sizes.shard == 1 && config_.parallel.shard_optimizer;
  return fmt::format("{} = {} replicated x {} sharded x {} of a sequence{}", sizes.count(),
                     sizes.replicate, sizes.shard, sizes.sequence,
                     in_parts ? "; the optimizer is shared" : "");
}

void Trainer::log_start_table() const {
  auto rows = method_->describe();
  const bool is_full = mesh_.sizes.shard > 1;
  const int64_t all = config_.parallel.shard_optimizer ? world_.ranks.count : 1;
  const int64_t parts = is_full ? mesh_.sizes.shard : all;
  int64_t parameters = 0, bytes = 0;
  for (TrainedModule* module : method_->modules()) {
    parameters += model::count_parameters(module->module());
    bytes += lasting_bytes(*module, config_.precision == "bfloat16", parts, is_full);
  }
  rows.insert(rows.begin() + 1,
              {"parameters", fmt::format("{:.3f} million", double(parameters) / 1e6)});
  rows.push_back({"device", fmt::format("{}, {}", device_.str(), config_.precision)});
  rows.push_back({"weights and optimizer", bytes_string(bytes)});
  if (!world_.is_alone()) rows.push_back({"processes", mesh_text()});
  for (size_t i = 0; i < streams_->size(); ++i) {
    const StreamSpec& spec = streams_->spec(i);
    const std::string turn =
        spec.every_steps > 0 ? fmt::format(", every {} steps", spec.every_steps) : "";
    rows.push_back({spec.name, fmt::format("{} samples{}", spec.dataset->size(), turn)});
    rows.push_back({"", global_batch_text(spec, config_.train.accumulation, mesh_.sizes)});
  }
  for (const MixtureConfig& set : config_.data.mixture) {
    rows.push_back({"mixture", fmt::format("{}, weight {:g}", set.path, set.weight)});
  }
  if (datasets_.validation) {
    rows.push_back({"validation", fmt::format("{} samples", datasets_.validation->size())});
  }
  rows.push_back(
      {"reading", fmt::format("{} threads, {} batches ahead: at most {}, and {} MiB cache",
                              config_.data.num_workers, config_.data.prefetch,
                              bytes_string(streams_->bytes_read_ahead()), config_.data.cache_mib)});
  rows.push_back({"steps", fmt::format("{} to {}", state_.step, config_.train.steps)});
  rows.push_back({"start", resumed_from_ ? resumed_from_->string() : "step 0"});
  log_table(rows);
}

}  // namespace sana::train
