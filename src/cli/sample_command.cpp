#include <iostream>
#include <optional>

#include "cli/arguments.h"
#include "core/device.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "infer/sample_job.h"
#include "infer/sample_runner.h"

namespace sana::cli {
namespace {

// Options as given; what is left out comes from the checkpoint.
struct SampleArguments {
  std::filesystem::path checkpoint, out;
  std::string prompt, negative, device = "auto", dtype;
  std::optional<std::filesystem::path> prompts_file;
  std::optional<std::string> sampler;
  std::optional<int64_t> steps, height, width, frames;
  std::optional<double> guidance, shift;
  uint64_t seed = 0;
  bool overwrite = false, discard_latents = false;
};

void add_options(CLI::App& app, SampleArguments& a) {
  app.add_option("--checkpoint", a.checkpoint,
                 "Checkpoint folder, or a run folder (newest is taken).")
      ->required();
  auto* prompt = app.add_option("--prompt", a.prompt, "What to show.");
  app.add_option(
         "--prompts-file", a.prompts_file,
         "One prompt per line, or .jsonl with prompt, negative, seed, height, width, frames.")
      ->excludes(prompt);
  app.add_option("--out", a.out, "Video to write (.mp4); with --prompts-file, a folder.")
      ->required();
  app.add_option("--negative", a.negative, "What to keep away from.");
  app.add_option("--seed", a.seed, "Seed of the starting noise.")->capture_default_str();
  app.add_option("--steps", a.steps, "Evaluations of the model.");
  app.add_option("--guidance", a.guidance, "Classifier-free guidance; 1 turns it off.");
  app.add_option("--shift", a.shift, "Flow shift.");
  app.add_option("--sampler", a.sampler, "dpm-solver++ or euler.");
  app.add_option("--height", a.height, "Rows of pixels.");
  app.add_option("--width", a.width, "Columns of pixels.");
  app.add_option("--frames", a.frames, "Frames, 4k+1.");
  app.add_option("--device", a.device, "auto, cpu or cuda.")->capture_default_str();
  app.add_option("--dtype", a.dtype,
                 "float32 or bfloat16; default bfloat16 on CUDA, else float32.");
  app.add_flag("--overwrite", a.overwrite, "Replace existing outputs.");
  app.add_flag("--discard-latents", a.discard_latents,
               "Delete the latents once the video is written.");
}

infer::SampleJob default_job(const SampleArguments& a, const infer::PipelineConfig& pipeline) {
  infer::SampleJob job;
  job.prompt = a.prompt;
  job.negative = a.negative;
  job.seed = a.seed;
  job.size = infer::default_clip_size(pipeline);
  job.size = {a.height.value_or(job.size.height), a.width.value_or(job.size.width),
              a.frames.value_or(job.size.frames)};
  job.sampler = pipeline.sampler;
  job.sampler.name = a.sampler.value_or(job.sampler.name);
  job.sampler.steps = a.steps.value_or(job.sampler.steps);
  job.sampler.guidance = a.guidance.value_or(job.sampler.guidance);
  job.sampler.shift = a.shift.value_or(job.sampler.shift);
  require(job.sampler.steps >= 1, "--steps must be at least 1, got {}", job.sampler.steps);
  require(job.sampler.shift > 0, "--shift must be above 0, got {}", job.sampler.shift);
  infer::make_sampler(job.sampler.name);  // an unknown name fails before anything is loaded
  job.out = a.out;
  return job;
}

int run_jobs(infer::SampleRunner& runner, const std::vector<infer::SampleJob>& jobs) {
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (stop_signal() != 0) {
      log::warning("stopped after {} of {} prompts; run the same command to go on", i, jobs.size());
      return int(ExitCode::kTerminated);
    }
    infer::WrittenVideo written;
    if (runner.run(jobs[i], written) == infer::JobOutcome::kSkipped) {
      log::info("{} exists already: skipped (--overwrite replaces it)", jobs[i].out.string());
      continue;
    }
    std::cout << written.path.string() << std::endl;
  }
  return int(ExitCode::kOk);
}

}  // namespace

int sample_command(CLI::App& app, const Arguments& arguments) {
  SampleArguments a;
  add_options(app, a);
  parse(app, arguments);
  require(a.prompts_file || app.count("--prompt") > 0, "give --prompt TEXT or --prompts-file FILE");
  infer::RunnerOptions options;
  options.device = parse_device(a.device);
  options.dtype = parse_dtype(!a.dtype.empty()           ? a.dtype
                              : options.device.is_cuda() ? "bfloat16"
                                                         : "float32");
  options.overwrite = a.overwrite;
  options.keep_latents = !a.discard_latents;

  infer::CheckpointFolder checkpoint = infer::open_checkpoint(a.checkpoint);
  const infer::SampleJob defaults = default_job(a, checkpoint.pipeline);
  const std::vector<infer::SampleJob> jobs =
      a.prompts_file ? infer::read_prompt_file(*a.prompts_file, a.out, defaults)
                     : std::vector<infer::SampleJob>{defaults};
  for (const infer::SampleJob& job : jobs) infer::check_clip_size(job.size, checkpoint);
  install_stop_handlers();
  const auto progress = make_console_progress();
  infer::SampleRunner runner(std::move(checkpoint), options, *progress);
  return run_jobs(runner, jobs);
}

}  // namespace sana::cli
