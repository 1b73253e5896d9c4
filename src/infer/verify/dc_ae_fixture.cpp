// The deep-compression autoencoder for images on a fixture: latents of an image, and the image of
// these latents.
#include <ATen/ATen.h>

#include "checkpoints/public/dc_ae_names.h"
#include "checkpoints/public/dc_ae_public.h"
#include "infer/verify/verify.h"
#include "model/vae/dc_ae.h"

namespace sana::infer {

std::vector<ComputedTensor> run_dc_ae_fixture(const Fixture& fixture,
                                              const VerifyOptions& options) {
  at::NoGradGuard no_grad;
  model::DcAe vae =
      model::build_dc_ae(checkpoints::dc_ae_config_from_diffusers(fixture.config, fixture.where),
                         checkpoints::dc_ae_public_names(fixture.weights, fixture.where),
                         fixture.where, options.device, options.dtype);
  std::vector<ComputedTensor> results;
  at::Tensor latent;
  if (fixture.has_input("image")) {
    latent = vae->encode(fixture.input("image"));
    results.push_back({"out.latent", latent, ""});
  }
  if (fixture.has_input("latent")) latent = fixture.input("latent");
  if (latent.defined()) results.push_back({"out.image", vae->decode(latent), ""});
  return results;
}

}  // namespace sana::infer
