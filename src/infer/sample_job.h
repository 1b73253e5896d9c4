// What to sample: one prompt with its settings, from the command line or a file of prompts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "infer/checkpoint_folder.h"
#include "infer/sampler.h"

namespace sana::infer {

struct SampleJob {
  std::string prompt;
  std::string negative;  // empty: the empty caption
  uint64_t seed = 0;
  ClipSize size;
  SamplerConfig sampler;
  std::filesystem::path out;
};

// Prompts of a file: .jsonl with {"prompt", "negative"?, "seed"?, "height"?, "width"?, "frames"?}
// per line, else one prompt per line (empty lines are skipped). Every job starts as `defaults`;
// without a seed of its own, line k gets defaults.seed + k. Outputs are <folder>/<number>-<first
// words>.mp4. Throws UserError with file and line.
std::vector<SampleJob> read_prompt_file(const std::filesystem::path& file,
                                        const std::filesystem::path& folder,
                                        const SampleJob& defaults);

// "00003-a-bee-crawls-over" from a number and a prompt.
std::string output_stem(size_t number, const std::string& prompt);

// Throws UserError unless the size suits the checkpoint: frames 4k+1, rows and columns multiples of
// the VAE's stride times the patch.
void check_clip_size(const ClipSize& size, const CheckpointFolder& checkpoint);

}  // namespace sana::infer
