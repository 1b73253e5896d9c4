// Options that `sample` and `check` share.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "checkpoints/checkpoint.h"
#include "core/launch_rank.h"
#include "infer/sample_job.h"
#include "infer/sample_runner.h"

namespace sana::cli {

// Options as given; what is left out comes from the checkpoint.
struct SampleArguments {
  std::filesystem::path checkpoint, out, image;
  checkpoints::CheckpointParts parts;
  std::string prompt, negative, device = "auto", dtype, vae_dtype;
  std::optional<std::filesystem::path> prompts_file;
  std::optional<std::string> sampler;
  std::optional<int64_t> steps, height, width, frames;
  std::optional<double> guidance, shift;
  std::optional<int64_t> motion_score, tile;
  std::string seed = "0";
  bool overwrite = false, discard_latents = false, no_binning = false, offload = false;
};

// What to open, what to sample with which solver and size, and in which precision and memory.
void add_checkpoint_options(CLI::App& app, SampleArguments& a);
void add_job_options(CLI::App& app, SampleArguments& a);
void add_precision_options(CLI::App& app, SampleArguments& a);

// The checkpoint that the options name, changed as they say.
checkpoints::Checkpoint open_checkpoint(const SampleArguments& a);
// A job of the options and, for what they leave out, of the checkpoint. Throws UserError.
infer::SampleJob default_job(const SampleArguments& a, const checkpoints::PipelineConfig& pipeline);
// The GPU of this rank, where several ranks share a machine. `found` is what `asked` names for a
// single process: "auto" and "cuda" leave the choice to us.
c10::Device rank_device(const std::string& asked, c10::Device found, const LaunchRank& rank);
c10::Device device_of(const SampleArguments& a, const LaunchRank& rank);
infer::RunnerOptions runner_options(const SampleArguments& a,
                                    const checkpoints::Checkpoint& checkpoint, c10::Device device);

}  // namespace sana::cli
