#include "infer/pipeline.h"

#include <ATen/ATen.h>

#include "core/random.h"

namespace sana::infer {
namespace {

// Both halves of a guided step: [negative, prompt], or the prompt alone.
model::TextFeatures stacked_conditions(const LatentRequest& request, bool guided) {
  if (!guided) return request.prompt;
  return {at::cat({request.negative.features, request.prompt.features}),
          at::cat({request.negative.mask, request.prompt.mask})};
}

}  // namespace

at::Tensor sample_latents(model::SanaVideo& model, const LatentRequest& request, c10::Device device,
                          c10::ScalarType dtype, ProgressSink& progress) {
  at::NoGradGuard no_grad;
  const SamplerConfig& config = request.sampler;
  const bool guided = config.guidance != 1.0;
  const model::TextFeatures conditions = stacked_conditions(request, guided);
  const at::Tensor text = conditions.features.to(device, dtype);
  const at::Tensor mask = conditions.mask.to(device);

  RandomStreams streams(request.seed);
  const at::Tensor noise = at::randn({1, model->config().latent_channels, request.latent_frames,
                                      request.latent_height, request.latent_width},
                                     streams.get("noise"), at::kFloat)
                               .to(device);

  const auto velocity = [&](const at::Tensor& x, double, double timestep) {
    const at::Tensor input = guided ? at::cat({x, x}) : x;
    const at::Tensor t = at::full({input.size(0)}, timestep, input.options());
    const at::Tensor v = model->forward(input, t, text, mask).to(at::kFloat);
    if (!guided) return v;
    const auto halves = v.chunk(2);
    return halves[0] + config.guidance * (halves[1] - halves[0]);
  };
  const auto sampler = make_sampler(config.name);
  progress.begin("sampling", config.steps, "steps");
  const at::Tensor latents =
      sampler->sample(noise, sampler->schedule(config.steps, config.shift), velocity,
                      [&](int64_t, int64_t) { progress.advance(); });
  progress.end();
  return latents;
}

at::Tensor to_frames(const at::Tensor& video) {
  return ((video.to(at::kFloat) * 0.5 + 0.5).clamp(0.0, 1.0) * 255.0)
      .round()
      .to(at::kByte)
      .squeeze(0)
      .permute({1, 2, 3, 0})
      .contiguous()
      .to(at::kCPU);
}

}  // namespace sana::infer
