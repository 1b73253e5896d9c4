// Which public model a set of sizes is.
#pragma once
#include <string>

#include "checkpoints/public/transformer_public.h"

namespace sana::checkpoints {

// "SANA-Video 2B 480p (Wan VAE)", "SANA 1.6B text-to-image", ..., or "unknown sizes: video, 3
// blocks of 112 channels, 16 latent channels, patch 1x2x2". `is_distilled`: a generator of the
// long-video training, which has the sizes of the 480p model.
std::string public_model_name(const TransformerConfig& config, bool is_distilled = false);

// The VAE whose latents it denoises, as the public pipelines name its class, or empty when unknown.
std::string public_vae_class(const TransformerConfig& config);

// Shift of the noise schedule that the public pipelines sample with.
double public_flow_shift(const TransformerConfig& config);

}  // namespace sana::checkpoints
