// The causal 3-D VAE on a fixture, whole clips and frame chunks.
#include <ATen/ATen.h>

#include "checkpoints/public/wan_vae_public.h"
#include "infer/verify/verify.h"
#include "model/state_dict.h"

namespace sana::infer {

std::vector<ComputedTensor> run_wan_vae_fixture(const Fixture& fixture,
                                                const VerifyOptions& options) {
  at::NoGradGuard no_grad;
  model::WanVae vae(checkpoints::wan_vae_config_from_diffusers(fixture.config, fixture.where));
  model::load_state_dict(*vae, fixture.weights, fixture.where);
  vae->to(options.device, options.dtype);
  const auto on_device = [&](const std::string& name) {
    return fixture.input(name).to(options.device, options.dtype);
  };

  std::vector<ComputedTensor> results;
  for (const bool chunked : {false, true}) {
    const std::string note = chunked ? " (frame chunks)" : " (whole clip)";
    const auto encode = [&](const at::Tensor& video) {
      return chunked ? vae->encode_chunked(video) : vae->encode_whole(video);
    };
    if (fixture.has_input("video")) {
      const model::LatentPosterior posterior = encode(on_device("video"));
      results.push_back({"out.mean", posterior.mean, note});
      results.push_back({"out.logvar", posterior.logvar, note});
    }
    if (fixture.has_input("image")) {
      results.push_back({"out.image_mean", encode(on_device("image")).mean, note});
    }
    if (fixture.has_input("latent")) {
      const at::Tensor latent = on_device("latent");
      const at::Tensor video = chunked ? vae->decode_chunked(latent) : vae->decode_whole(latent);
      results.push_back({"out.video", video.clamp(-1.0, 1.0), note});
    }
  }
  return results;
}

}  // namespace sana::infer
