// The configuration of a public text-to-image checkpoint.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "model/sana_image_config.h"

namespace sana::checkpoints {

// From transformer/config.json of SanaTransformer2DModel; keys that older files leave out have the
// defaults of that class. `where` names the file in errors. Throws UserError on missing keys, wrong
// types, or a variant that this model does not compute.
model::SanaImageConfig sana_image_config_from_diffusers(const nlohmann::json& json,
                                                        const std::string& where);

}  // namespace sana::checkpoints
