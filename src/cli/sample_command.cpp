#include <algorithm>
#include <array>
#include <iostream>
#include <map>

#include "cli/arguments.h"
#include "cli/sample_arguments.h"
#include "core/device.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "infer/memory_estimate.h"
#include "infer/prompt_file.h"
#include "infer/sample_runner.h"

namespace sana::cli {
namespace {

void add_options(CLI::App& app, SampleArguments& a) {
  add_checkpoint_options(app, a);
  auto* prompt = app.add_option("--prompt", a.prompt, "What to show.");
  app.add_option(
         "--prompts-file", a.prompts_file,
         "One prompt per line ('#' begins a comment), JSON lines or a JSON list with prompt, "
         "negative, seed, height, width, frames, image. Started by mpirun, srun or torchrun, every "
         "rank does its share on its own GPU.")
      ->excludes(prompt);
  app.add_option(
         "--out", a.out,
         "Video (.mp4, .mkv, .webm, .gif) or image (.png) to write; with --prompts-file, a folder.")
      ->required();
  add_job_options(app, a);
  add_precision_options(app, a);
  app.add_flag("--overwrite", a.overwrite, "Replace existing outputs.");
  app.add_flag("--discard-latents", a.discard_latents,
               "Delete the latents once the video is written.");
}

// The jobs of the options or of the file of prompts.
std::vector<infer::SampleJob> all_jobs(const SampleArguments& a,
                                       const checkpoints::PipelineConfig& pipeline) {
  const infer::SampleJob defaults = default_job(a, pipeline);
  if (!a.prompts_file) return {defaults};
  std::vector<infer::SampleJob> jobs = infer::read_prompt_file(*a.prompts_file, a.out, defaults);
  for (infer::SampleJob& job : jobs) {
    if (!a.sampler && !job.image.empty()) job.sampler.name = "euler";
  }
  return jobs;
}

// Loads the parts in turn when they do not fit into the GPU's memory together.
void choose_offload(infer::RunnerOptions& options, const checkpoints::Checkpoint& checkpoint,
                    const std::vector<infer::SampleJob>& jobs) {
  if (options.offload || jobs.empty() || !options.device.is_cuda()) return;
  std::map<std::array<int64_t, 3>, int64_t> by_size;
  for (const infer::SampleJob& job : jobs) {
    const std::array<int64_t, 3> size = {job.size.height, job.size.width, job.size.frames};
    if (by_size.count(size) != 0) continue;
    by_size[size] =
        infer::estimate_sampling(checkpoint, job, options.dtype, options.vae_dtype, options.tiling)
            .peak();
  }
  int64_t needed = 0;
  for (const auto& [size, bytes] : by_size) needed = std::max(needed, bytes);
  const int64_t there = free_device_memory(options.device);
  if (needed <= there) return;
  log::info("all parts together need {}, the GPU has {} free: they are loaded in turn (--offload)",
            bytes_string(needed), bytes_string(there));
  options.offload = true;
}

int run_jobs(infer::SampleRunner& runner, const std::vector<infer::SampleJob>& jobs) {
  const size_t done = runner.run(jobs, [](const infer::SampleJob& job, infer::JobOutcome outcome,
                                          const media::WrittenVideo& written) {
    if (outcome == infer::JobOutcome::kSkipped) {
      log::info("{} is there already, of the same request: skipped (--overwrite replaces it)",
                job.out.string());
    } else {
      if (job.has_random_seed) log::info("{}: seed {}", job.out.string(), job.seed);
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
  require(!a.prompts_file || !std::filesystem::is_regular_file(a.out),
          "--out: '{}' is a file; with --prompts-file, name a folder", a.out.string());
  const LaunchRank rank = launch_rank();
  const c10::Device device = device_of(a, rank);
  checkpoints::Checkpoint checkpoint = open_checkpoint(a);
  std::vector<infer::SampleJob> jobs = all_jobs(a, checkpoint.pipeline);
  for (const infer::SampleJob& job : jobs) infer::check_job(job, checkpoint);
  jobs = infer::share_of_rank(jobs, rank.rank, rank.count);
  install_stop_handlers();
  const auto progress = make_console_progress();
  infer::RunnerOptions options = runner_options(a, checkpoint, device);
  choose_offload(options, checkpoint, jobs);
  infer::SampleRunner runner(std::move(checkpoint), options, *progress);
  return run_jobs(runner, jobs);
}

}  // namespace sana::cli
