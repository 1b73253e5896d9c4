// Files of prompts: one per line, JSON lines, or a JSON list.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "infer/sample_job.h"

namespace sana::infer {

// The prompts of a file, told by what is in it and not by its name alone: text with one prompt a
// line (empty lines and those that begin with '#' are passed over), lines of JSON objects, or one
// JSON list of objects or texts. An object has "prompt" and may have "negative", "seed", "height",
// "width", "frames" and "image" (relative to the file). UTF-8 or UTF-16 with a byte order mark.
//
// Every job starts as `defaults`; without a seed of its own, prompt k gets defaults.seed + k.
// Outputs are <folder>/<number>-<first words>.mp4, or .png for one frame. Throws UserError with
// file and line.
std::vector<SampleJob> read_prompt_file(const std::filesystem::path& file,
                                        const std::filesystem::path& folder,
                                        const SampleJob& defaults);

// "00003-a-bee-crawls-over" from a number and a prompt.
std::string output_stem(size_t number, const std::string& prompt);

}  // namespace sana::infer
