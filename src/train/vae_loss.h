// Loss of the video VAE.
//
//   L = |x^ - x|  +  w_gd (|D_t (x^ - x)| + |D_h (x^ - x)| + |D_w (x^ - x)|)
//     + w_kl KL(q(z|x) || N(0, 1))
//
// D: difference of neighbouring frames, rows, columns (arXiv 1511.05440, section 3.2, with the sign
// kept). It punishes blur and flicker that the plain L1 term forgives. All terms are means.
#pragma once
#include <ATen/core/Tensor.h>

#include "core/config/checks.h"
#include "model/vae/wan_vae.h"

namespace sana::train {

struct VaeLossConfig {
  double gradient_difference = 1.0;
  double kl = 1e-5;

  template <class Binder>
  void bind(Binder& b) {
    b.field("gradient_difference", gradient_difference,
            "Weight of the gradient-difference term (blur and flicker).", config::at_least(0.0));
    b.field("kl", kl, "Weight of the Kullback-Leibler term (size of the latents).",
            config::at_least(0.0));
  }
};

// Mean absolute error of differences along frames, rows and columns, summed over the axes; axes of
// one element give 0.  reconstruction, target [B, 3, F, H, W] -> []
at::Tensor gradient_difference(const at::Tensor& reconstruction, const at::Tensor& target);

// Mean over all latent values of KL(N(mean, exp(logvar)) || N(0, 1)).
at::Tensor kl_divergence(const model::LatentPosterior& posterior);

struct VaeLossTerms {
  at::Tensor total, l1, gradient_difference, kl;  // each [] float32
};
VaeLossTerms vae_loss(const at::Tensor& reconstruction, const at::Tensor& target,
                      const model::LatentPosterior& posterior, const VaeLossConfig& config);

}  // namespace sana::train
