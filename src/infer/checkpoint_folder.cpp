#include "infer/checkpoint_folder.h"

#include <ATen/ATen.h>

#include "core/config/config.h"
#include "core/config/json.h"
#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "model/state_dict.h"

namespace sana::infer {
namespace {

namespace fs = std::filesystem;

// Content of model.json.
struct ModelFile {
  std::string model = "sana_video";
  model::SanaVideoConfig config;

  template <class Binder>
  void bind(Binder& b) {
    b.required("model", model, "Architecture.", config::one_of({"sana_video"}));
    b.required("config", config, "Its sizes.");
  }
};

// The newest complete step-* folder of a run (a partial one carries a suffix), or the path itself.
fs::path resolve_checkpoint(const fs::path& path) {
  require(fs::is_directory(path), "{}: no such folder; give a checkpoint or a run folder",
          path.string());
  if (fs::exists(path / "model.json")) return path;
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    const bool complete = name.rfind("step-", 0) == 0 && entry.path().extension() != ".partial";
    if (complete && fs::exists(entry.path() / "model.json") && name > newest.filename().string()) {
      newest = entry.path();
    }
  }
  require(!newest.empty(),
          "{}: neither a checkpoint (no model.json) nor a run with one (no step-* folder)",
          path.string());
  return newest;
}

}  // namespace

ClipSize default_clip_size(const PipelineConfig& config) {
  require(!config.buckets.empty(), "pipeline.json: buckets is empty; give the size of the clip");
  ClipSize best = config.buckets.front();
  for (const ClipSize& bucket : config.buckets) {
    if (bucket.frames > best.frames) best = bucket;
  }
  return best;
}

CheckpointFolder open_checkpoint(const fs::path& path) {
  CheckpointFolder folder;
  folder.path = resolve_checkpoint(path);
  const auto model_file = config::load<ModelFile>({folder.path / "model.json", {}});
  folder.pipeline = config::load<PipelineConfig>({folder.path / "pipeline.json", {}});
  folder.model = model::SanaVideo(model_file.config);
  folder.weights_file = folder.path / "ema.safetensors";
  if (!fs::exists(folder.weights_file)) folder.weights_file = folder.path / "model.safetensors";
  model::load_state_dict(*folder.model, SafetensorsFile(folder.weights_file).tensors(),
                         folder.weights_file.string());
  folder.vae = model::load_wan_vae(folder.path / folder.pipeline.vae);
  require(folder.vae->config().latent_channels == model_file.config.latent_channels,
          "{}: the VAE has {} latent channels, the model {}", folder.path.string(),
          folder.vae->config().latent_channels, model_file.config.latent_channels);
  return folder;
}

void write_pipeline_files(const fs::path& directory, const model::SanaVideoConfig& model,
                          const PipelineConfig& pipeline) {
  write_file_atomically(directory / "model.json",
                        config::to_json(ModelFile{"sana_video", model}).dump(2) + "\n");
  write_file_atomically(directory / "pipeline.json", config::to_json(pipeline).dump(2) + "\n");
}

}  // namespace sana::infer
