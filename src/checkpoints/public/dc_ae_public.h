// The configuration of a deep-compression autoencoder for images as public checkpoints write it.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "model/vae/dc_ae_config.h"

namespace sana::checkpoints {

// From vae/config.json of AutoencoderDC. Keys that are absent have the defaults of the public
// class; `where` names the file in errors. Throws UserError that lists every wrong value.
model::DcAeConfig dc_ae_config_from_diffusers(const nlohmann::json& json, const std::string& where);

}  // namespace sana::checkpoints
