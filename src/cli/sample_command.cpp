#include <iostream>
#include <optional>

#include "cli/arguments.h"
#include "core/device.h"
#include "core/error.h"
#include "core/launch_rank.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "infer/sample_job.h"
#include "infer/sample_runner.h"

namespace sana::cli {
namespace {

// Options as given; what is left out comes from the checkpoint.
struct SampleArguments {
  std::filesystem::path checkpoint, out, image;
  infer::CheckpointParts parts;
  std::string prompt, negative, device = "auto", dtype, vae_dtype;
  std::optional<std::filesystem::path> prompts_file;
  std::optional<std::string> sampler;
  std::optional<int64_t> steps, height, width, frames;
  std::optional<double> guidance, shift;
  std::optional<int64_t> motion_score, tile;
  uint64_t seed = 0;
  bool overwrite = false, discard_latents = false, no_binning = false, offload = false;
};

void add_checkpoint_options(CLI::App& app, SampleArguments& a) {
  app.add_option("--checkpoint", a.checkpoint,
                 "Checkpoint: a folder or run of this program, a diffusers folder, the authors' "
                 "repository, or a file of a transformer.")
      ->required();
  app.add_option("--vae", a.parts.vae,
                 "Folder or file of the VAE, if it is not in the checkpoint.");
  app.add_option("--text-encoder", a.parts.text_encoder,
                 "Folder of the text encoder, if it is not in the checkpoint.");
  app.add_option("--config", a.parts.config,
                 "A transformer/config.json, for a bare file of unusual sizes.");
}

void add_precision_options(CLI::App& app, SampleArguments& a) {
  app.add_option("--device", a.device, "auto, cpu or cuda.")->capture_default_str();
  app.add_option("--dtype", a.dtype,
                 "float32 or bfloat16; default bfloat16 on CUDA, else float32.");
  app.add_option(
      "--vae-dtype", a.vae_dtype,
      "Of the VAE; default on CUDA as the public pipelines: float32 for Wan, bfloat16 for "
      "LTX-2 and DC-AE.");
  app.add_flag("--offload", a.offload,
               "Load, use and release text encoder, transformer and VAE in turn.");
  app.add_option("--tile", a.tile,
                 "Decode in tiles of this many rows and columns of pixels (less memory).");
}

void add_options(CLI::App& app, SampleArguments& a) {
  add_checkpoint_options(app, a);
  auto* prompt = app.add_option("--prompt", a.prompt, "What to show.");
  app.add_option("--prompts-file", a.prompts_file,
                 "One prompt per line, or .jsonl with prompt, negative, seed, height, width, "
                 "frames, image. "
                 "Started by mpirun, srun or torchrun, every rank does its share on its own GPU.")
      ->excludes(prompt);
  app.add_option("--out", a.out,
                 "Video (.mp4) or image (.png) to write; with --prompts-file, a folder.")
      ->required();
  app.add_option("--negative", a.negative, "What to keep away from.");
  app.add_option("--image", a.image, "Begin the video with this image (image-to-video).");
  app.add_option("--motion-score", a.motion_score,
                 "How much moves, for models trained with it: 1 to 30 or so.");
  app.add_option("--seed", a.seed, "Seed of the starting noise.")->capture_default_str();
  app.add_option("--steps", a.steps, "Evaluations of the model.");
  app.add_option("--guidance", a.guidance, "Classifier-free guidance; 1 turns it off.");
  app.add_option("--shift", a.shift, "Flow shift.");
  app.add_option("--sampler", a.sampler, "dpm-solver++ or euler.");
  app.add_option("--height", a.height, "Rows of pixels.");
  app.add_option("--width", a.width, "Columns of pixels.");
  app.add_option("--frames", a.frames, "Frames, 4k+1 (8k+1 with the LTX-2 VAE).");
  app.add_flag("--no-binning", a.no_binning,
               "Generate exactly this size; public checkpoints otherwise generate the nearest size "
               "that they were trained on, which is then resized.");
  add_precision_options(app, a);
  app.add_flag("--overwrite", a.overwrite, "Replace existing outputs.");
  app.add_flag("--discard-latents", a.discard_latents,
               "Delete the latents once the video is written.");
}

// Image-to-video is sampled by Euler steps in the public pipelines.
std::string default_sampler(const SampleArguments& a, const infer::PipelineConfig& pipeline) {
  return a.image.empty() ? pipeline.sampler.name : "euler";
}

infer::SampleJob default_job(const SampleArguments& a, const infer::PipelineConfig& pipeline) {
  infer::SampleJob job;
  job.image = a.image;
  job.prompt = a.prompt;
  job.negative = a.negative;
  job.seed = a.seed;
  job.size = infer::default_clip_size(pipeline);
  job.size = {a.height.value_or(job.size.height), a.width.value_or(job.size.width),
              a.frames.value_or(job.size.frames)};
  job.sampler = pipeline.sampler;
  job.sampler.name = a.sampler.value_or(default_sampler(a, pipeline));
  job.sampler.steps = a.steps.value_or(job.sampler.steps);
  job.sampler.guidance = a.guidance.value_or(job.sampler.guidance);
  job.sampler.shift = a.shift.value_or(job.sampler.shift);
  require(job.sampler.steps >= 1, "--steps must be at least 1, got {}", job.sampler.steps);
  require(job.sampler.shift > 0, "--shift must be above 0, got {}", job.sampler.shift);
  infer::make_sampler(job.sampler.name);  // an unknown name fails before anything is loaded
  job.out = a.out;
  return job;
}

// The GPU of this rank, where several ranks share a machine.
c10::Device device_of(const SampleArguments& a, const LaunchRank& rank) {
  const c10::Device device = parse_device(a.device);
  if (!device.is_cuda() || device.has_index() || rank.count == 1) return device;
  return parse_device("cuda:" + std::to_string(rank.local_rank));
}

infer::RunnerOptions runner_options(const SampleArguments& a, const infer::Checkpoint& checkpoint,
                                    c10::Device device) {
  infer::RunnerOptions options;
  options.device = device;
  options.dtype = parse_dtype(!a.dtype.empty()   ? a.dtype
                              : device.is_cuda() ? "bfloat16"
                                                 : "float32");
  options.vae_dtype = !a.vae_dtype.empty() ? parse_dtype(a.vae_dtype)
                      : device.is_cuda()   ? checkpoint.vae.default_dtype
                                           : at::kFloat;
  options.overwrite = a.overwrite;
  options.keep_latents = !a.discard_latents;
  options.offload = a.offload;
  options.tiling.tile_height = options.tiling.tile_width = a.tile;
  return options;
}

int run_jobs(infer::SampleRunner& runner, const std::vector<infer::SampleJob>& jobs) {
  const size_t done = runner.run(jobs, [](const infer::SampleJob& job, infer::JobOutcome outcome,
                                          const infer::WrittenVideo& written) {
    if (outcome == infer::JobOutcome::kSkipped) {
      log::info("{} exists already: skipped (--overwrite replaces it)", job.out.string());
    } else {
      std::cout << written.path.string() << std::endl;
    }
  });
  if (done == jobs.size()) return int(ExitCode::kOk);
  log::warning("stopped after {} of {} prompts; run the same command to go on", done, jobs.size());
  return int(ExitCode::kTerminated);
}

}  // namespace

int sample_command(CLI::App& app, const Arguments& arguments) {
  SampleArguments a;
  add_options(app, a);
  parse(app, arguments);
  require(a.prompts_file || app.count("--prompt") > 0, "give --prompt TEXT or --prompts-file FILE");
  const LaunchRank rank = launch_rank();
  const c10::Device device = device_of(a, rank);

  infer::Checkpoint checkpoint = infer::open_checkpoint(a.checkpoint, a.parts);
  if (a.motion_score) checkpoint.pipeline.text_encoder.motion_score = a.motion_score;
  if (a.no_binning) checkpoint.bins.clear();
  const infer::SampleJob defaults = default_job(a, checkpoint.pipeline);
  std::vector<infer::SampleJob> jobs =
      a.prompts_file ? infer::read_prompt_file(*a.prompts_file, a.out, defaults)
                     : std::vector<infer::SampleJob>{defaults};
  for (const infer::SampleJob& job : jobs) infer::check_job(job, checkpoint);
  jobs = infer::share_of_rank(jobs, rank.rank, rank.count);
  install_stop_handlers();
  const auto progress = make_console_progress();
  const infer::RunnerOptions options = runner_options(a, checkpoint, device);
  infer::SampleRunner runner(std::move(checkpoint), options, *progress);
  return run_jobs(runner, jobs);
}

}  // namespace sana::cli
