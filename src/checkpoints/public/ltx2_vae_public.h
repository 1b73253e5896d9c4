// The configuration of the LTX-2 video VAE as public checkpoints write it.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "model/vae/ltx2_vae_config.h"

namespace sana::checkpoints {

// From vae/config.json of AutoencoderKLLTX2Video. Keys with a leading underscore are ignored, a
// missing key keeps its default. Throws one UserError naming `where`, with every unknown key, wrong
// type, and variant that this program does not compute.
model::Ltx2VaeConfig ltx2_vae_config_from_diffusers(const nlohmann::json& json,
                                                    const std::string& where);

// The VAE of Lightricks/LTX-2 (1,222,479,857 parameters and statistics), used by SANA-Video 720p.
model::Ltx2VaeConfig ltx2_vae_public_config();

}  // namespace sana::checkpoints
