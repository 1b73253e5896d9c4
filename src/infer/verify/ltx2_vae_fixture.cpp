// The LTX-2 video VAE on a fixture: posterior of the clip, and frames of its stored mean.
#include <ATen/ATen.h>

#include "checkpoints/public/ltx2_vae_public.h"
#include "infer/verify/verify.h"
#include "model/vae/ltx2_vae.h"

namespace sana::infer {

std::vector<ComputedTensor> run_ltx2_vae_fixture(const Fixture& fixture,
                                                 const VerifyOptions& options) {
  const auto config = checkpoints::ltx2_vae_config_from_diffusers(fixture.config, fixture.where);
  model::Ltx2Vae vae =
      model::build_ltx2_vae(config, fixture.weights, fixture.where,
                            at::TensorOptions().device(options.device).dtype(options.dtype));
  const auto on_device = [&](const at::Tensor& tensor) { return tensor.to(options.device); };

  std::vector<ComputedTensor> results;
  if (fixture.has_input("video")) {
    const model::LatentPosterior posterior = vae->encode(on_device(fixture.input("video")));
    results.push_back({"out.mean", posterior.mean, ""});
    results.push_back({"out.logvar", posterior.logvar, ""});
  }
  if (fixture.has_input("image")) {
    results.push_back({"out.image_mean", vae->encode(on_device(fixture.input("image"))).mean, ""});
  }
  // Decoding what the public encoder made keeps the two halves apart.
  const bool own_latent = fixture.has_input("latent");
  const auto mean = fixture.stored.find("out.mean");
  if (own_latent || mean != fixture.stored.end()) {
    const at::Tensor& latent = own_latent ? fixture.input("latent") : mean->second;
    results.push_back({"out.video", vae->decode(on_device(latent)), ""});
  }
  return results;
}

}  // namespace sana::infer
