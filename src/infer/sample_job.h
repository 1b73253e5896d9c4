// What to sample: one prompt with its settings, from the command line or a file of prompts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoints/checkpoint.h"
#include "infer/sampler.h"

namespace sana::infer {

struct SampleJob {
  std::string prompt;
  std::string negative;  // empty: the empty caption
  uint64_t seed = 0;
  ClipSize size;
  checkpoints::SamplerConfig sampler;
  std::filesystem::path image;  // first frame; empty: none
  std::filesystem::path out;
};

// Prompts of a file: .jsonl with {"prompt", "negative"?, "seed"?, "height"?, "width"?, "frames"?,
// "image"?} per line (an image relative to the file), else one prompt per line (empty lines are
// skipped). Every job starts as `defaults`; without a seed of its own, line k gets defaults.seed +
// k. Outputs are <folder>/<number>-<first words>.mp4, or .png for one frame. Throws UserError with
// file and line.
std::vector<SampleJob> read_prompt_file(const std::filesystem::path& file,
                                        const std::filesystem::path& folder,
                                        const SampleJob& defaults);

// Every `count`-th job, from the `rank`-th on: what one of several processes does.
std::vector<SampleJob> share_of_rank(const std::vector<SampleJob>& jobs, int64_t rank,
                                     int64_t count);

// "00003-a-bee-crawls-over" from a number and a prompt.
std::string output_stem(size_t number, const std::string& prompt);

// Throws UserError unless the job suits the checkpoint: frames as the VAE takes them (4k+1), rows
// and columns of what is generated multiples of its stride times the patch, an image only for
// videos.
void check_job(const SampleJob& job, const checkpoints::Checkpoint& checkpoint);

}  // namespace sana::infer
