#include "infer/denoiser.h"

namespace sana::infer {

Denoiser denoiser_of(model::SanaVideo model) {
  const int64_t channels = model->config().latent_channels;
  return {[model](const at::Tensor& latents, const at::Tensor& timestep, const at::Tensor& text,
                  const at::Tensor& text_mask) mutable {
            return model->forward(latents, timestep, text, text_mask);
          },
          channels};
}

Denoiser denoiser_of(model::SanaImage model) {
  const int64_t channels = model->config().latent_channels;
  return {[model](const at::Tensor& latents, const at::Tensor& timestep, const at::Tensor& text,
                  const at::Tensor& text_mask) mutable {
            return model->forward(latents.squeeze(2), timestep, text, text_mask).unsqueeze(2);
          },
          channels};
}

}  // namespace sana::infer
