#include "checkpoints/pipeline_config.h"

#include "core/config/config.h"
#include "core/config/json.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;

void PipelineConfig::validate(config::Problems& problems) const {
  constexpr int64_t kMostFrames = 10'000, kMostPixels = int64_t(1) << 34;
  for (const ClipSize& size : buckets) {
    if (size.frames > kMostFrames || size.pixels() > kMostPixels) {
      problems.add("buckets", fmt::format("{} is larger than any clip that is trained on (at most "
                                          "{} frames, {} pixels together)",
                                          to_string(size), kMostFrames, kMostPixels));
    }
  }
}

ClipSize default_clip_size(const PipelineConfig& config) {
  require(!config.buckets.empty(), "pipeline.json: buckets is empty; give the size of the clip");
  ClipSize best = config.buckets.front();
  for (const ClipSize& bucket : config.buckets) {
    if (bucket.frames > best.frames) best = bucket;
  }
  return best;
}

bool has_pipeline_file(const fs::path& directory) { return fs::exists(directory / kPipelineFile); }

PipelineConfig read_pipeline_file(const fs::path& directory) {
  const fs::path file = directory / kPipelineFile;
  std::vector<std::string> overrides;
  // Version 0.2 and earlier wrote a precision for every encoder, whether it heeds one or not.
  const auto written = nlohmann::json::parse(read_text_file(file), nullptr, /*exceptions=*/false);
  const nlohmann::json::json_pointer encoder("/text_encoder/name");
  if (written.is_object() && written.value(encoder, "") == model::kMiniLmName) {
    overrides.push_back("text_encoder.precision=auto");
  }
  return config::load<PipelineConfig>({file, overrides});
}

void write_pipeline_file(const fs::path& directory, const PipelineConfig& pipeline) {
  write_file_atomically(directory / kPipelineFile, dump_json(config::to_json(pipeline), 2) + "\n");
}

}  // namespace sana::checkpoints
