// What to sample: one prompt with its settings, from the command line or a file of prompts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoints/checkpoint.h"
#include "infer/sampler.h"

namespace sana::infer {

struct SampleJob {
  std::string prompt;
  std::string negative;  // empty: the empty caption
  uint64_t seed = 0;
  bool has_random_seed = false;  // drawn anew at each start, so an earlier one will do as well
  ClipSize size;
  checkpoints::SamplerConfig sampler;
  std::filesystem::path image;  // first frame; empty: none
  std::filesystem::path out;
};

// A seed that nobody chose: from the system, below 2^63.
uint64_t random_seed();
// "-1" for a random one (second: true), else a whole number below 2^64. Throws UserError.
std::pair<uint64_t, bool> parse_seed(const std::string& text);

// Every `count`-th job, from the `rank`-th on: what one of several processes does.
std::vector<SampleJob> share_of_rank(const std::vector<SampleJob>& jobs, int64_t rank,
                                     int64_t count);

// Throws UserError unless the job suits the checkpoint: frames as the VAE takes them (4k+1), rows
// and columns of what is generated multiples of its stride times the patch, an image only for
// videos.
void check_job(const SampleJob& job, const checkpoints::Checkpoint& checkpoint);

}  // namespace sana::infer
