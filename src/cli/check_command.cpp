#include <algorithm>
#include <iostream>

#include "cli/arguments.h"
#include "cli/sample_arguments.h"
#include "core/device.h"
#include "core/error.h"
#include "core/progress.h"
#include "infer/memory_estimate.h"
#include "train/data_streams.h"
#include "train/measuring_memory.h"
#include "train/shard_choice.h"
#include "train/step_flops.h"
#include "train/traffic.h"
#include "train/training_memory.h"

namespace sana::cli {
namespace {

void print_part(const std::string& name, const infer::PartMemory& part) {
  std::cout << fmt::format("{:<16}{:>12}{:>14}{:>12}\n", name, bytes_string(part.weights),
                           bytes_string(part.activations), bytes_string(part.total()));
}

void print_estimate(const infer::MemoryEstimate& estimate) {
  std::cout << fmt::format("{:<16}{:>12}{:>14}{:>12}\n", "", "weights", "activations", "together");
  print_part("text encoder", estimate.text_encoder);
  print_part("transformer", estimate.transformer);
  print_part("VAE", estimate.vae);
  std::cout << fmt::format("{:<16}{:>38}\n", "peak", bytes_string(estimate.peak()));
  std::cout << fmt::format("{:<16}{:>38}\n", "with --offload",
                           bytes_string(estimate.peak_offloaded()));
}

void print_owner(const std::string& name, int64_t bytes, const std::string& what = "") {
  if (bytes > 0) std::cout << fmt::format("{:<16}{:>12}  {}\n", name, bytes_string(bytes), what);
}

// Whether it fits into the device that is there.
void print_advice(const train::TrainingMemory& memory, c10::Device device) {
  const int64_t there = device.is_cuda() ? device_memory(device) : host_memory().total;
  print_owner(device.str() + " has", there);
  // Of the host's memory all can be used.
  const bool fits = device.is_cuda() ? train::fits(memory.peak(), there) : memory.peak() <= there;
  std::cout
      << (fits ? "it fits\n"
               : "it does not fit: try train.gradient_checkpointing=true, a smaller "
                 "data.batch_size with more train.accumulation, precision=bfloat16; with several "
                 "GPUs parallel.shard for the weights, parallel.sequence for the clips\n");
}

void print_advice(const infer::MemoryEstimate& estimate, c10::Device device) {
  const int64_t there = device.is_cuda() ? device_memory(device) : host_memory().total;
  std::cout << fmt::format("{:<16}{:>38}\n", device.str() + " has", bytes_string(there));
  if (estimate.peak() <= there) {
    std::cout << "it fits\n";
  } else if (estimate.peak_offloaded() <= there) {
    std::cout << "it fits with --offload\n";
  } else {
    std::cout << "it does not fit: try --tile 512 or smaller, fewer --frames, a smaller size\n";
  }
}

// What several processes do together.
void print_share(const train::TrainConfig& config, const train::Datasets& datasets,
                 const train::TrainingMemory& memory, int64_t processes) {
  const MeshSizes sizes = config.parallel.mesh(processes);
  for (const train::StreamSpec& spec : train::stream_specs(config, datasets)) {
    std::cout << fmt::format("{:<16}{}; {} samples\n", spec.name,
                             train::global_batch_text(spec, config.train.accumulation, sizes),
                             spec.dataset->size());
  }
  if (processes == 1) return;
  std::cout << fmt::format("{:<16}{} replicated x {} sharded x {} of a sequence\n", "processes",
                           sizes.replicate, sizes.shard, sizes.sequence);
  std::cout << fmt::format("{:<16}{:>12}  a step of each process, {}\n", "sent",
                           bytes_string(train::bytes_sent_per_step(config, memory.parameters,
                                                                   memory.outside, processes)),
                           config.parallel.shard_optimizer || config.parallel.is_full()
                               ? "gradients and weights"
                               : "gradients");
  if (sizes.sequence == 1) return;
  const at::Tensor latents = train::largest_batch(*datasets.videos, config.data.batch_size).data;
  print_owner("", train::sequence_bytes_per_step(config, latents.sizes()),
              "to those that share its clips: sums of the attention and border frames");
}

// What the whole training computes, and how long that takes at a rate.
void print_computing(const train::TrainConfig& config, const train::Datasets& datasets,
                     int64_t processes, double tflops) {
  train::StepFlops flops(config, datasets);
  const double step = flops.mean_step(config.parallel.mesh(processes).batch_parts());
  const auto steps = double(config.train.steps);
  std::cout << fmt::format("{:<16}{:>12}  TFLOP a step, of all processes; {} steps\n", "computing",
                           fmt::format("{:.3g}", step / 1e12), config.train.steps);
  if (tflops <= 0) {
    std::cout << fmt::format("{:<16}{:>12}  --tflops, as a log line of training has it, tells\n",
                             "GPU-hours", "-");
    return;
  }
  const double hours = step * steps / (tflops * 1e12) / 3600;
  std::cout << fmt::format("{:<16}{:>12}  at {:g} TFLOP/s; {} on {} processes\n", "GPU-hours",
                           fmt::format("{:.3g}", hours), tflops,
                           duration_string(3600 * hours / double(processes)), processes);
}

// parallel.shard=auto for the GPU that is there, on hosts of eight; 1 where there is none.
int64_t chosen_shard(const train::TrainConfig& config, const train::Datasets& datasets,
                     int64_t processes) {
  try {
    const c10::Device device = parse_device(config.device);
    if (!device.is_cuda()) return config.parallel.mesh(processes).shard;
    return train::shard_that_fits(config, datasets, processes, std::min<int64_t>(processes, 8),
                                  device_memory(device));
  } catch (const EnvironmentError&) {
    return config.parallel.mesh(processes).shard;
  }
}

void check_training(const config::Source& source, int64_t processes, double tflops) {
  auto config = config::load<train::TrainConfig>(source);
  if (processes == 0) processes = config.parallel.fewest_processes();
  config.parallel.mesh(processes);  // refused before anything is opened
  const train::Datasets datasets = train::build_datasets(config, at::kMeta, /*writes=*/false);
  config.parallel.shard = fmt::format("{}", chosen_shard(config, datasets, processes));
  const train::TrainingMemory memory = train::estimate_training(config, datasets, processes);
  std::cout << fmt::format("training, {} in {}, largest batch\n", config.task, config.precision);
  print_owner("weights", memory.weights, "float32, and a copy to compute with in bfloat16");
  print_owner("gradients", memory.gradients);
  print_owner("optimizer", memory.optimizer, "two moments");
  print_owner("average", memory.average, "train.ema_decay");
  print_owner("preview VAE", memory.preview);
  print_owner("encoders", memory.encoders, "VAE and text encoder, of clips that are not prepared");
  print_owner("activations", memory.activations, "of one micro-step");
  print_owner("measuring", memory.measuring, "held-out clips or previews, between steps");
  print_owner("peak", memory.peak(), processes > 1 ? "on each GPU" : "");
  print_share(config, datasets, memory, processes);
  print_computing(config, datasets, processes, tflops);
  try {
    print_advice(memory, parse_device(config.device));
  } catch (const EnvironmentError& error) {
    std::cout << error.what() << "\n";  // the numbers hold for any GPU
  }
}

void check_sampling(const SampleArguments& a) {
  const c10::Device device = device_of(a, launch_rank());
  const checkpoints::Checkpoint checkpoint = open_checkpoint(a);
  const infer::SampleJob job = default_job(a, checkpoint.pipeline);
  infer::check_job(job, checkpoint);
  const infer::RunnerOptions options = runner_options(a, checkpoint, device);
  const ClipSize size = checkpoints::generated_size(job.size, checkpoint);
  std::cout << fmt::format("{} frames of {}x{}, transformer in {}, {} in {}\n", size.frames,
                           size.height, size.width, dtype_name(options.dtype), checkpoint.vae.name,
                           dtype_name(options.vae_dtype));
  const auto estimate =
      infer::estimate_sampling(checkpoint, job, options.dtype, options.vae_dtype, options.tiling);
  print_estimate(estimate);
  print_advice(estimate, device);
}

}  // namespace

int check_command(CLI::App& app, const Arguments& arguments) {
  config::Source source;
  SampleArguments a;
  auto* config =
      app.add_option("training", source.file, "Configuration file of a training (YAML).");
  app.add_option("overrides", source.overrides,
                 "section.key=value ...: replace values of the file.");
  int64_t processes = 0;
  app.add_option(
         "--world", processes,
         "Processes that will share the training, each with a GPU; none is needed here. Without it "
         "the fewest that its `parallel` allows.")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20));
  double tflops = 0;
  app.add_option("--tflops", tflops,
                 "TFLOP/s that each of them reaches, measured or expected: tells GPU-hours.")
      ->check(CLI::PositiveNumber);
  add_checkpoint_options(app, a);
  auto* checkpoint = app.get_option("--checkpoint")->required(false)->excludes(config);
  add_job_options(app, a);
  add_precision_options(app, a);
  parse(app, arguments);
  require(config->count() + checkpoint->count() > 0,
          "nothing to check: name the configuration of a training, or --checkpoint to sample from");
  config->count() > 0 ? check_training(source, processes, tflops) : check_sampling(a);
  return 0;
}

}  // namespace sana::cli
