#include "checkpoints/pipeline_config.h"

#include "core/config/config.h"
#include "core/config/json.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPipelineFile = "pipeline.json";

}  // namespace

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
  return config::load<PipelineConfig>({directory / kPipelineFile, {}});
}

void write_pipeline_file(const fs::path& directory, const PipelineConfig& pipeline) {
  write_file_atomically(directory / kPipelineFile, dump_json(config::to_json(pipeline), 2) + "\n");
}

}  // namespace sana::checkpoints
