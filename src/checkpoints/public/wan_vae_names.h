// Wan2.1_VAE.pth: original names of the Wan VAE.
#pragma once
#include <optional>
#include <string>

#include "core/safetensors.h"

namespace sana::checkpoints {

// "decoder.upsamples.3.time_conv.bias" -> "decoder.up_blocks.0.upsamplers.0.time_conv.bias";
// nothing for a name that the original does not have.
std::optional<std::string> wan_vae_name_from_original(const std::string& name);

// Whether these are the tensors of an original checkpoint rather than of a diffusers one.
bool is_original_wan_vae(const TensorMap& tensors);

// All tensors under our names. Throws UserError as translate_names.
TensorMap wan_vae_from_original(const TensorMap& tensors, const std::string& what);

}  // namespace sana::checkpoints
