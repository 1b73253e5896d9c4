// A video that begins with an image against the public pipeline
// (scripts/reference/image_to_video.py).
#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoints/public/transformer_public.h"
#include "checkpoints/public/wan_vae_public.h"
#include "core/random.h"
#include "infer/pipeline.h"
#include "infer/verify/verify.h"
#include "media/picture/image_input.h"
#include "media/picture/to_frames.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/tiny_dit.h"

namespace {

constexpr const char* kImageReference = "image_to_video_tiny.safetensors";

struct ImageReference {
  sana::SafetensorsFile file{std::filesystem::path(SANA_TEST_DATA) / kImageReference};
  nlohmann::json sampling = nlohmann::json::parse(file.metadata().at("sampling"));

  at::Tensor input(const std::string& name) const { return file.tensor("in." + name); }
  at::Tensor stored(const std::string& name) const { return file.tensor("out." + name); }
};

std::unique_ptr<sana::model::VideoVae> vae_of(const ImageReference& reference) {
  sana::TensorMap weights;
  for (const auto& [name, tensor] : reference.file.tensors()) {
    if (name.rfind("w.", 0) == 0) weights[name.substr(2)] = tensor;
  }
  const auto json = nlohmann::json::parse(reference.file.metadata().at("config"));
  const auto config = sana::checkpoints::wan_vae_config_from_diffusers(json, kImageReference);
  return sana::model::make_video_vae(sana::model::build_wan_vae(config, weights, kImageReference),
                                     at::kCPU, at::kFloat);
}

sana::infer::Denoiser tiny_denoiser() {
  sana::model::SanaVideo model(sana::checkpoints::sana_video_config_from_diffusers(
      sana_test::tiny_dit_json(), kImageReference));
  sana::model::load_state_dict(*model, sana_test::to_map(sana_test::tiny_dit_tensors()),
                               kImageReference);
  return sana::infer::denoiser_of(model);
}

at::Tensor encoded_image(const ImageReference& reference, sana::model::VideoVae& vae) {
  return vae.encode(sana::media::first_frame(reference.input("image"),
                                             reference.sampling.at("height").get<int64_t>(),
                                             reference.sampling.at("width").get<int64_t>()));
}

sana::infer::LatentRequest request_of(const ImageReference& reference,
                                      const at::Tensor& first_frame) {
  const at::Tensor noise = reference.input("noise");
  sana::infer::LatentRequest request;
  request.prompt = {reference.input("text"), reference.input("text_mask")};
  request.negative = {reference.input("negative"), reference.input("negative_mask")};
  request.size = {noise.size(2), noise.size(3), noise.size(4)};
  request.first_frame = first_frame;
  request.sampler.name = "euler";
  reference.sampling.at("seed").get_to(request.seed);
  reference.sampling.at("steps").get_to(request.sampler.steps);
  reference.sampling.at("shift").get_to(request.sampler.shift);
  reference.sampling.at("guidance").get_to(request.sampler.guidance);
  return request;
}

at::Tensor sampled(const sana::infer::LatentRequest& request) {
  const auto progress = sana::make_silent_progress();
  return sana::infer::sample_latents(tiny_denoiser(), request, at::kCPU, at::kFloat, *progress);
}

// Of the largest value. Rounding alone is 2e-6 for the image and 1e-6 for the latents; one per cent
// more in the first frame is 3e-3.
constexpr double kImageBound = 3e-5;

}  // namespace

TEST_CASE("a video that begins with an image equals that of the public pipeline", "[parity]") {
  const ImageReference reference;
  const auto vae = vae_of(reference);

  const at::Tensor first_frame = encoded_image(reference, *vae);
  const double first_error =
      sana::infer::relative_error(first_frame, reference.stored("first_frame"));
  INFO("first frame: error " << first_error);
  CHECK(first_error < kImageBound);

  const at::Tensor latents = sampled(request_of(reference, first_frame));
  const double error = sana::infer::relative_error(latents, reference.stored("latents"));
  INFO("latents: error " << error);
  CHECK(error < kImageBound);

  const at::Tensor frames = sana::media::to_frames(vae->decode(latents));
  REQUIRE(frames.sizes() == reference.stored("frames").sizes());
  const at::Tensor difference =
      (frames.to(at::kInt) - reference.stored("frames").to(at::kInt)).abs();
  CHECK(difference.max().item<int>() <= 1);  // values beside x.5 round either way
  CHECK((difference != 0).sum().item<int64_t>() < difference.numel() / 100);
}

TEST_CASE("the noise of a video is the stored draw of its seed", "[parity]") {
  const ImageReference reference;
  sana::RandomStreams streams(reference.sampling.at("seed").get<uint64_t>());
  const at::Tensor stored = reference.input("noise");
  const at::Tensor drawn = at::randn(stored.sizes(), streams.get("noise"), at::kFloat);
  // Processors differ in the last bits of log and cos.
  CHECK(sana::infer::relative_error(drawn, stored) < 1e-6);
}

TEST_CASE("another solver or another first frame is noticed", "[parity]") {
  const ImageReference reference;
  const auto error = [&](const sana::infer::LatentRequest& request) {
    return sana::infer::relative_error(sampled(request), reference.stored("latents"));
  };
  sana::infer::LatentRequest request = request_of(reference, reference.stored("first_frame"));
  CHECK(error(request) < kImageBound);
  request.first_frame = request.first_frame * 1.01;
  CHECK(error(request) > kImageBound);
  request = request_of(reference, reference.stored("first_frame"));
  request.sampler.name = "dpm-solver++";
  CHECK(error(request) > 100 * kImageBound);
}
