#include <iostream>

#include "cli/arguments.h"
#include "cli/sample_arguments.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "infer/sample_runner.h"

namespace sana::cli {
namespace {

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
  add_job_options(app, a);
  add_precision_options(app, a);
  app.add_flag("--overwrite", a.overwrite, "Replace existing outputs.");
  app.add_flag("--discard-latents", a.discard_latents,
               "Delete the latents once the video is written.");
}

// The jobs of the options or of the file of prompts.
std::vector<infer::SampleJob> all_jobs(const SampleArguments& a,
                                       const infer::PipelineConfig& pipeline) {
  const infer::SampleJob defaults = default_job(a, pipeline);
  if (!a.prompts_file) return {defaults};
  std::vector<infer::SampleJob> jobs = infer::read_prompt_file(*a.prompts_file, a.out, defaults);
  for (infer::SampleJob& job : jobs) {
    if (!a.sampler && !job.image.empty()) job.sampler.name = "euler";
  }
  return jobs;
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
  infer::Checkpoint checkpoint = open_checkpoint(a);
  std::vector<infer::SampleJob> jobs = all_jobs(a, checkpoint.pipeline);
  for (const infer::SampleJob& job : jobs) infer::check_job(job, checkpoint);
  jobs = infer::share_of_rank(jobs, rank.rank, rank.count);
  install_stop_handlers();
  const auto progress = make_console_progress();
  const infer::RunnerOptions options = runner_options(a, checkpoint, device);
  infer::SampleRunner runner(std::move(checkpoint), options, *progress);
  return run_jobs(runner, jobs);
}

}  // namespace sana::cli
