#include "checkpoints/model_file.h"

#include "core/config/config.h"
#include "core/config/json.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/json_file.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

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
  write_file_atomically(directory / kModelFile, dump_json(config::to_json(file), 2) + "\n");
}

}  // namespace

model::SanaVideoConfig read_model_file(const fs::path& directory) {
  return config::load<ModelFile<model::SanaVideoConfig>>({directory / kModelFile, {}}).config;
}

void write_model_file(const fs::path& directory, const model::SanaVideoConfig& model) {
  write_config(directory, model);
}

bool has_image_model_file(const fs::path& directory) {
  const nlohmann::json json = read_json_file(directory / kModelFile, kMaxConfigBytes);
  return json.is_object() && json.contains("model") &&
         json.at("model") == kArchitecture<model::SanaImageConfig>;
}

model::SanaImageConfig read_image_model_file(const fs::path& directory) {
  return config::load<ModelFile<model::SanaImageConfig>>({directory / kModelFile, {}}).config;
}

void write_image_model_file(const fs::path& directory, const model::SanaImageConfig& model) {
  write_config(directory, model);
}

}  // namespace sana::checkpoints
