// Prompt -> latents -> frames.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "checkpoints/sampler_config.h"
#include "core/geometry/clip_size.h"
#include "core/progress.h"
#include "infer/denoiser.h"
#include "infer/sampler.h"
#include "model/text_encoder/text_encoder.h"

namespace sana::infer {

struct LatentRequest {
  model::TextFeatures prompt;    // [1, L, E], [1, L]
  model::TextFeatures negative;  // the same; used when guidance is not 1
  LatentSize size;
  at::Tensor first_frame;  // [1, C, 1, h, w] latents that the clip begins with; undefined: none
  uint64_t seed = 0;
  checkpoints::SamplerConfig sampler;
};

// Samples one latent clip [1, C, T, h, w] float32. The starting noise is drawn on the CPU from the
// seed alone, so it is the same on every device. Guided velocity: v_neg + g * (v_text - v_neg),
// both in one batch. With a first frame the noise of all frames is drawn, that of the first is
// replaced by it, the model is told timestep 0 for it, and only the others are integrated
// (image-to-video of the public pipelines).
at::Tensor sample_latents(const Denoiser& denoiser, const LatentRequest& request,
                          c10::Device device, c10::ScalarType dtype, ProgressSink& progress);

}  // namespace sana::infer
