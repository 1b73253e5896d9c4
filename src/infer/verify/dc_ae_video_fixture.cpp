// The deep-compression autoencoder for video on a fixture: for every input "in.<name>" the latents
// "out.<name>.latent", and the video of these latents "out.<name>.video".
#include <ATen/ATen.h>

#include "checkpoints/public/dc_ae_video_public.h"
#include "infer/verify/verify.h"
#include "model/vae/dc_ae_video.h"

namespace sana::infer {

std::vector<ComputedTensor> run_dc_ae_video_fixture(const Fixture& fixture,
                                                    const VerifyOptions& options) {
  at::NoGradGuard no_grad;
  const auto config = checkpoints::dc_ae_video_config_from_json(fixture.config, fixture.where);
  model::DcAeVideo vae = model::build_dc_ae_video(config, fixture.weights, fixture.where,
                                                  options.device, options.dtype);
  std::vector<ComputedTensor> results;
  for (const auto& [name, video] : fixture.inputs) {
    const at::Tensor latents = vae->encode(video);
    results.push_back({"out." + name + ".latent", latents, ""});
    results.push_back({"out." + name + ".video", vae->decode(latents), ""});
    if (video.size(2) % config.chunk_frames != 0) continue;
    const std::string note = " (whole clip)";
    results.push_back({"out." + name + ".latent", vae->encode_whole(video), note});
    results.push_back({"out." + name + ".video", vae->decode_whole(latents), note});
  }
  return results;
}

}  // namespace sana::infer
