#include "infer/pipeline.h"

#include <ATen/ATen.h>

#include <array>

#include "core/random.h"

namespace sana::infer {
namespace {

// Both halves of a guided step: [negative, prompt], or the prompt alone.
model::TextFeatures stacked_conditions(const LatentRequest& request, bool guided) {
  if (!guided) return request.prompt;
  return {at::cat({request.negative.features, request.prompt.features}),
          at::cat({request.negative.mask, request.prompt.mask})};
}

// The same on every device: drawn on the CPU. On the meta device only its shape.
at::Tensor starting_noise(const Denoiser& denoiser, const LatentRequest& request,
                          c10::Device device) {
  RandomStreams streams(request.seed);
  const LatentSize& size = request.size;
  const std::array<int64_t, 5> shape = {1, denoiser.latent_channels, size.frames, size.height,
                                        size.width};
  if (device.is_meta()) return at::empty(shape, at::device(device).dtype(at::kFloat));
  return at::randn(shape, streams.get("noise"), at::kFloat).to(device);
}

// [B], or [B, T] with 0 for the frames that are given.
at::Tensor timesteps(const at::Tensor& clip, double timestep, const at::Tensor& given) {
  if (!given.defined()) return at::full({clip.size(0)}, timestep, clip.options());
  at::Tensor t = at::full({clip.size(0), clip.size(2)}, timestep, clip.options());
  t.narrow(1, 0, given.size(2)).zero_();
  return t;
}

}  // namespace

at::Tensor sample_latents(const Denoiser& denoiser, const LatentRequest& request,
                          c10::Device device, c10::ScalarType dtype, ProgressSink& progress) {
  at::NoGradGuard no_grad;
  const checkpoints::SamplerConfig& config = request.sampler;
  const bool guided = config.guidance != 1.0;
  const model::TextFeatures conditions = stacked_conditions(request, guided);
  const at::Tensor text = conditions.features.to(device, dtype);
  const at::Tensor mask = conditions.mask.to(device);

  const at::Tensor noise = starting_noise(denoiser, request, device);
  const at::Tensor given =
      request.first_frame.defined() ? request.first_frame.to(device, at::kFloat) : at::Tensor();
  const auto velocity = [&](const at::Tensor& x, double, double timestep) {
    const at::Tensor clip = given.defined() ? at::cat({given, x}, 2) : x;
    const at::Tensor input = guided ? at::cat({clip, clip}) : clip;
    const at::Tensor v = denoiser.velocity(input, timesteps(input, timestep, given), text, mask)
                             .to(at::kFloat)
                             .narrow(2, clip.size(2) - x.size(2), x.size(2));
    if (!guided) return v;
    const auto halves = v.chunk(2);
    return halves[0] + config.guidance * (halves[1] - halves[0]);
  };
  const auto sampler = make_sampler(config.name);
  progress.begin("sampling", config.steps, "steps");
  const at::Tensor start = given.defined() ? noise.slice(2, given.size(2)) : noise;
  const at::Tensor sampled =
      sampler->sample(start, sampler->schedule(config.steps, config.shift), velocity,
                      [&](int64_t, int64_t) { progress.advance(); });
  progress.end();
  return given.defined() ? at::cat({given, sampled}, 2) : sampled;
}

}  // namespace sana::infer
