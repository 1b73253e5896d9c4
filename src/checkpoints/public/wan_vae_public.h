// The configuration of the Wan VAE as public checkpoints write it.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "model/vae/wan_vae.h"

namespace sana::checkpoints {

// From vae/config.json of AutoencoderKLWan. `where` names the file in errors. Throws UserError on
// missing keys, wrong types, or sizes that do not go together.
model::WanVaeConfig wan_vae_config_from_diffusers(const nlohmann::json& json,
                                                  const std::string& where);

// The public Wan 2.1 VAE with the statistics of its latents, which Wan2.1_VAE.pth lacks.
model::WanVaeConfig wan21_vae_public_config();

}  // namespace sana::checkpoints
