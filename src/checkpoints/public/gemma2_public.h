// The configuration of Gemma-2 as public checkpoints write it.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "model/text_encoder/gemma2/gemma2_config.h"

namespace sana::checkpoints {

// Reads the public keys; one that is absent keeps its default. Throws UserError that names `where`
// and the key: a value of another type or out of range, sizes that do not go together, or a variant
// that is not computed here (biases, scaled rotary phases, another activation, attention both
// ways).
model::Gemma2Config gemma2_config_from_json(const nlohmann::json& json, const std::string& where);
model::Gemma2Config read_gemma2_config(const std::filesystem::path& path);

}  // namespace sana::checkpoints
