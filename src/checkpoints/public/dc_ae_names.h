// Names of the original (efficientvit) checkpoints of deep-compression autoencoders for images.
#pragma once
#include <string>

#include "core/safetensors.h"

namespace sana::checkpoints {

// Whether these are original names ("encoder.stages.0.op_list.0...") and not public ones.
bool has_original_dc_ae_names(const TensorMap& tensors);

// The tensors as they are, or by dc_ae_from_original where their names are original.
TensorMap dc_ae_public_names(const TensorMap& tensors, const std::string& what);

// The same tensors under the public (diffusers) names: joined qkv weights are cut into thirds, 1x1
// convolutions of the attention become matrices; no data is copied. `what` names the source in
// errors. Throws UserError for a name that no such checkpoint has.
TensorMap dc_ae_from_original(const TensorMap& tensors, const std::string& what);

}  // namespace sana::checkpoints
