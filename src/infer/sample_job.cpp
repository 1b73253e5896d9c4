#include "infer/sample_job.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/files.h"

namespace sana::infer {
namespace {

SampleJob job_from_json(const std::string& line, const std::filesystem::path& folder,
                        const SampleJob& defaults) {
  const nlohmann::json json = nlohmann::json::parse(line);
  static const std::set<std::string> known = {"prompt", "negative", "seed", "height",
                                              "width",  "frames",   "image"};
  for (const auto& item : json.items()) {
    require(known.count(item.key()) != 0,
            "unknown key '{}'; known are prompt, negative, seed, height, width, frames, image",
            item.key());
  }
  SampleJob job = defaults;
  json.at("prompt").get_to(job.prompt);
  job.negative = json.value("negative", defaults.negative);
  job.seed = json.value("seed", defaults.seed);
  job.size.height = json.value("height", defaults.size.height);
  job.size.width = json.value("width", defaults.size.width);
  job.size.frames = json.value("frames", defaults.size.frames);
  if (json.contains("image")) job.image = folder / json.at("image").get<std::string>();
  return job;
}

// A line of plain text, or of JSON in a .jsonl file.
SampleJob parse_line(const std::string& line, const std::filesystem::path& file,
                     const SampleJob& defaults) {
  if (file.extension() == ".jsonl") {
    try {
      return job_from_json(line, file.parent_path(), defaults);
    } catch (const nlohmann::json::exception& error) {
      throw UserError(error.what());
    }
  }
  SampleJob job = defaults;
  job.prompt = line;
  return job;
}

}  // namespace

std::string output_stem(size_t number, const std::string& prompt) {
  std::string words;
  for (const char c : prompt) {
    if (words.size() >= 40) break;
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      words.push_back(char(std::tolower(static_cast<unsigned char>(c))));
    } else if (!words.empty() && words.back() != '-') {
      words.push_back('-');
    }
  }
  while (!words.empty() && words.back() == '-') words.pop_back();
  return fmt::format("{:05}{}{}", number, words.empty() ? "" : "-", words);
}

std::vector<SampleJob> read_prompt_file(const std::filesystem::path& file,
                                        const std::filesystem::path& folder,
                                        const SampleJob& defaults) {
  std::istringstream lines(read_text_file(file));
  std::vector<SampleJob> jobs;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    SampleJob line_defaults = defaults;
    line_defaults.seed = defaults.seed + jobs.size();
    SampleJob job = with_context(fmt::format("{}:{}", file.string(), number),
                                 [&] { return parse_line(line, file, line_defaults); });
    const char* extension = job.size.frames == 1 ? ".png" : ".mp4";
    job.out = folder / (output_stem(jobs.size(), job.prompt) + extension);
    jobs.push_back(std::move(job));
  }
  require(!jobs.empty(), "{}: no prompt in it", file.string());
  return jobs;
}

std::vector<SampleJob> share_of_rank(const std::vector<SampleJob>& jobs, int64_t rank,
                                     int64_t count) {
  std::vector<SampleJob> share;
  for (size_t i = size_t(rank); i < jobs.size(); i += size_t(count)) share.push_back(jobs[i]);
  return share;
}

void check_job(const SampleJob& job, const checkpoints::Checkpoint& checkpoint) {
  const VaeGeometry& geometry = checkpoint.vae.geometry;
  const auto& patch = checkpoint.transformer.config.patch_size;
  const ClipSize size = checkpoints::generated_size(job.size, checkpoint);
  if (!checkpoint.is_video()) {
    require(size.frames == 1, "--frames is {}, but this checkpoint makes still images",
            size.frames);
    require(job.image.empty(), "--image: this checkpoint makes still images from text only");
  } else {
    check_frame_count("--frames", size.frames, geometry);
  }
  const int64_t latent_frames = geometry.latent_frames(size.frames);
  require(latent_frames % patch[0] == 0, "--frames {} gives {} latent frames, not a multiple of {}",
          size.frames, latent_frames, patch[0]);
  require(job.image.empty() || geometry.first_frame_alone,
          "--image: {} has no latent of a first frame alone; videos that begin with an image need "
          "the Wan or LTX-2 VAE",
          checkpoint.vae.name);
  require(job.image.empty() || latent_frames > 1,
          "--frames is {}: a video that begins with an image needs more", size.frames);
  const auto check = [](const char* name, int64_t value, int64_t unit) {
    require(value >= unit && value % unit == 0,
            "{} is {}, must be a multiple of {}; nearest are {} and {}", name, value, unit,
            std::max(value / unit, int64_t(1)) * unit, (value / unit + 1) * unit);
  };
  check("--height", size.height, geometry.stride_h * patch[1]);
  check("--width", size.width, geometry.stride_w * patch[2]);
}

}  // namespace sana::infer
