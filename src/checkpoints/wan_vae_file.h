// The VAE that `sana-video train` makes: vae.json (the WanVaeConfig) and vae.safetensors.
#pragma once
#include <c10/core/ScalarType.h>

#include <filesystem>

#include "model/vae/wan_vae.h"

namespace sana::checkpoints {

inline constexpr const char* kWanVaeFile = "vae.json";
inline constexpr const char* kWanVaeWeights = "vae.safetensors";

// Reads such a folder, or its configuration alone. Throws UserError.
model::WanVae load_wan_vae(const std::filesystem::path& directory);
model::WanVaeConfig read_wan_vae_config(const std::filesystem::path& directory);

// Writes the two files (weights converted to `dtype`). Throws EnvironmentError.
void save_wan_vae(const std::filesystem::path& directory, const model::WanVae& vae,
                  c10::ScalarType dtype);

}  // namespace sana::checkpoints
