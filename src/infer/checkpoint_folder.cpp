#include "infer/checkpoint_folder.h"

#include "core/config/config.h"
#include "core/config/json.h"
#include "core/error.h"
#include "core/files.h"
#include "infer/public_pipeline.h"

namespace sana::infer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelFile = "model.json";

template <class Config>
constexpr const char* kArchitecture = "sana_video";
template <>
constexpr const char* kArchitecture<model::SanaImageConfig> = "sana_image";

// Content of model.json.
template <class Config>
struct ModelFile {
  std::string model = kArchitecture<Config>;
  Config config;

  template <class Binder>
  void bind(Binder& b) {
    b.required("model", model, "Architecture.", config::one_of({kArchitecture<Config>}));
    b.required("config", config, "Its sizes.");
  }
};

template <class Config>
void write_config(const fs::path& directory, const Config& config) {
  const ModelFile<Config> file = {kArchitecture<Config>, config};
  write_file_atomically(directory / kModelFile, config::to_json(file).dump(2) + "\n");
}

// The newest complete step-* folder of a run (a partial one carries a suffix), or the path itself.
fs::path resolve_checkpoint(const fs::path& path) {
  require(fs::exists(path), "{}: no such folder; give a checkpoint or a run folder", path.string());
  if (!fs::is_directory(path)) return path;
  fs::path newest = path;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    const bool complete = name.rfind("step-", 0) == 0 && entry.path().extension() != ".partial";
    if (complete && fs::exists(entry.path() / "model.json") &&
        (newest == path || name > newest.filename().string())) {
      newest = entry.path();
    }
  }
  return newest;
}

void open_native(Checkpoint& checkpoint, const CheckpointParts& parts) {
  const fs::path file = checkpoint.path / "pipeline.json";
  require(fs::exists(file),
          "{}: model.json is there, but no pipeline.json, which says how to sample; export the "
          "checkpoint again, or convert it with --to diffusers into a folder with its VAE",
          checkpoint.path.string());
  checkpoint.pipeline = config::load<PipelineConfig>({file, {}});
  if (!parts.text_encoder.empty()) {
    checkpoint.pipeline.text_encoder.path = parts.text_encoder.string();
  }
  checkpoint.vae =
      find_vae(parts.vae.empty() ? checkpoint.path / checkpoint.pipeline.vae : parts.vae);
}

void open_public(Checkpoint& checkpoint, const CheckpointParts& parts) {
  checkpoint.vae =
      find_vae(parts.vae.empty() ? public_vae_path(checkpoint.transformer) : parts.vae);
  checkpoint.pipeline = public_pipeline(checkpoint.transformer, parts);
  for (ClipSize& size : checkpoint.pipeline.buckets) {
    size.frames = checkpoint.vae.geometry.accepted_up_to(size.frames);
  }
  checkpoint.bins =
      aspect_ratio_bins(checkpoint.is_video(), checkpoint.transformer.config.sample_size);
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

Checkpoint open_checkpoint(const fs::path& path, const CheckpointParts& parts) {
  Checkpoint checkpoint;
  checkpoint.path = resolve_checkpoint(path);
  TransformerOptions options;
  options.config = parts.config;
  checkpoint.transformer = open_transformer(checkpoint.path, options);
  if (checkpoint.transformer.layout.layout == Layout::kNative) {
    open_native(checkpoint, parts);
  } else {
    open_public(checkpoint, parts);
  }
  const int64_t channels = checkpoint.transformer.config.in_channels;
  require(checkpoint.vae.geometry.latent_channels == channels,
          "{}: the {} in '{}' has {} latent channels, the model {}", checkpoint.path.string(),
          checkpoint.vae.name, checkpoint.vae.path.string(),
          checkpoint.vae.geometry.latent_channels, channels);
  return checkpoint;
}

ClipSize generated_size(const ClipSize& asked, const Checkpoint& checkpoint) {
  if (checkpoint.bins.empty()) return asked;
  const AspectRatioBin& bin =
      nearest_bin(checkpoint.bins, double(asked.height), double(asked.width));
  return {bin.height, bin.width, asked.frames};
}

model::SanaVideoConfig read_model_file(const fs::path& directory) {
  return config::load<ModelFile<model::SanaVideoConfig>>({directory / kModelFile, {}}).config;
}

void write_model_file(const fs::path& directory, const model::SanaVideoConfig& model) {
  write_config(directory, model);
}

bool has_image_model_file(const fs::path& directory) {
  const nlohmann::json json = read_json_file(directory / kModelFile);
  return json.is_object() && json.contains("model") &&
         json.at("model") == kArchitecture<model::SanaImageConfig>;
}

model::SanaImageConfig read_image_model_file(const fs::path& directory) {
  return config::load<ModelFile<model::SanaImageConfig>>({directory / kModelFile, {}}).config;
}

void write_image_model_file(const fs::path& directory, const model::SanaImageConfig& model) {
  write_config(directory, model);
}

void write_pipeline_files(const fs::path& directory, const model::SanaVideoConfig& model,
                          const PipelineConfig& pipeline) {
  write_model_file(directory, model);
  write_file_atomically(directory / "pipeline.json", config::to_json(pipeline).dump(2) + "\n");
}

}  // namespace sana::infer
