// The configurations of the deep-compression autoencoder for video: by name, or read off weights.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/safetensors.h"
#include "model/vae/dc_ae_video_config.h"

namespace sana::checkpoints {

// The public models by name: st-dc-ae-f32t4c32, -chunk40, -chunk40-ivj, and
// st-dc-ae-f32t4c32-chunked-causal-40-0.1 to -0.4. Throws UserError that lists them for any other
// name.
model::DcAeVideoConfig dc_ae_video_config_by_name(const std::string& name);

// The configuration that the names and shapes of a checkpoint tell. Chunks and scaling factor are
// not in there: they are those of the public model of these depths (of chunk40 for the usual ones).
// Throws UserError when the tensors are not those of such a model.
model::DcAeVideoConfig dc_ae_video_config_from_weights(const TensorMap& tensors,
                                                       const std::string& what);

// From JSON with the fields of the struct (a fixture's header); absent keys keep their defaults.
model::DcAeVideoConfig dc_ae_video_config_from_json(const nlohmann::json& json,
                                                    const std::string& where);

}  // namespace sana::checkpoints
