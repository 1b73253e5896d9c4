// model.json: which architecture a checkpoint folder of this program holds, and its sizes.
#pragma once
#include <filesystem>

#include "model/sana_image_config.h"
#include "model/sana_video_config.h"

namespace sana::checkpoints {

inline constexpr const char* kModelFile = "model.json";

// Reading throws UserError for another architecture, writing EnvironmentError.
model::SanaVideoConfig read_model_file(const std::filesystem::path& directory);
void write_model_file(const std::filesystem::path& directory, const model::SanaVideoConfig& model);

// The same for a text-to-image model.
bool has_image_model_file(const std::filesystem::path& directory);
model::SanaImageConfig read_image_model_file(const std::filesystem::path& directory);
void write_image_model_file(const std::filesystem::path& directory,
                            const model::SanaImageConfig& model);

}  // namespace sana::checkpoints
