// Where the files of a job lie, and whether what is there already is what the job would make.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infer/sample_job.h"

namespace sana::infer {

// "cat.mp4" -> "cat.json" and "cat.latents.safetensors"; of another ending than .mp4 and .png the
// whole name stays, so that cat.mkv does not share them.
std::filesystem::path provenance_file(const std::filesystem::path& out);
std::filesystem::path latents_file(const std::filesystem::path& out);

// Whether a stored request is this one; the seed counts only where it was asked for by number, and
// keys that `wanted` lacks do not count.
bool is_same_request(const nlohmann::json& stored, const nlohmann::json& wanted,
                     bool has_random_seed);

enum class OutputState {
  kAbsent,   // nothing is there, or the remains of the same request
  kDone,     // what this request makes
  kOther,    // an output of this program, of another request
  kForeign,  // something that this program did not write
};

// An output counts as done when it and its provenance are there, and the request in that, and the
// VAE, are the same: a video without provenance is made again from the latents beside it.
OutputState state_of_output(const SampleJob& job, const nlohmann::json& request,
                            const std::string& vae);

// What killed runs left beside the finished output of a job: unfinished files, and its latents where
// they are not to be kept. Files of others are never among them.
std::vector<std::filesystem::path> remains_of(const SampleJob& job, const nlohmann::json& request,
                                              bool keeps_latents);

// Throws one UserError that names the outputs of `states` that must not be written, at most ten,
// and what to do. To be asked before anything is loaded.
class OutputComplaints {
 public:
  void add(const SampleJob& job, OutputState state);
  void throw_if_any() const;

 private:
  std::string list_;
  int64_t count_ = 0;
};

// Throws UserError unless the name says what is to be written: a file ending in .mp4, .mkv, .webm,
// .gif, or .png for one frame, as far as this build has an encoder.
void check_output_name(const SampleJob& job);

}  // namespace sana::infer
