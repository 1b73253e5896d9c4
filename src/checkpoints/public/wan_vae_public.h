// Configurations as the public (diffusers) checkpoints write them.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "model/sana_video_config.h"
#include "model/vae/wan_vae.h"

namespace sana::checkpoints {

// From transformer/config.json of SanaVideoTransformer3DModel. `where` names the file in errors.
// Throws UserError on missing keys, wrong types, or a variant that this model does not compute.
model::SanaVideoConfig sana_video_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where);

// From vae/config.json of AutoencoderKLWan.
model::WanVaeConfig wan_vae_config_from_diffusers(const nlohmann::json& json,
                                                  const std::string& where);

}  // namespace sana::checkpoints
