// Lightricks' combined checkpoint: original names of the LTX-2 video VAE, which are under "vae."
// there. Its configuration is ltx2_vae_public_config().
#pragma once
#include <optional>
#include <string>

#include "checkpoints/public/ltx2_vae_public.h"
#include "core/safetensors.h"

namespace sana::checkpoints {

// "decoder.up_blocks.1.conv.conv.bias" -> "decoder.up_blocks.0.upsamplers.0.conv.conv.bias" (no
// "vae." in front); nothing for a name that the original does not have.
std::optional<std::string> ltx2_vae_name_from_original(const std::string& name);

// Whether these are the tensors of an original checkpoint rather than of a diffusers one.
bool is_original_ltx2_vae(const TensorMap& tensors);

// The tensors of the video VAE under our names: those under "vae." when there are any (the rest of
// a combined file is left out), else all. Statistics that decoding does not need are left out too.
// Throws UserError as translate_names.
TensorMap ltx2_vae_from_original(const TensorMap& tensors, const std::string& what);

}  // namespace sana::checkpoints
