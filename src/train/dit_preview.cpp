#include "train/dit_preview.h"

#include <ATen/ATen.h>

#include <map>

#include "checkpoints/text_encoder_source.h"
#include "core/device.h"
#include "core/error.h"
#include "media/encode/video_writer.h"
#include "media/picture/to_frames.h"

namespace sana::train {
namespace {

// A sample of the bucket that holds most samples.
int64_t typical_sample(const data::Dataset& videos) {
  std::map<ClipSize, int64_t> counts;
  int64_t best = 0;
  for (int64_t i = 0; i < videos.size(); ++i) {
    if (++counts[videos.info(i).bucket] > counts[videos.info(best).bucket]) best = i;
  }
  return best;
}

}  // namespace

DitPreview::DitPreview(const TrainConfig& config, const data::Dataset& videos,
                       std::shared_ptr<model::VideoVae> vae, c10::Device device)
    : config_(config), device_(device), fps_(videos.fps()), vae_(std::move(vae)) {
  const at::Tensor latents = videos.like(typical_sample(videos)).latents;  // [C, T, h, w]
  latent_size_ = {latents.size(1), latents.size(2), latents.size(3)};
  negative_ = {videos.null_text(), videos.null_text_mask()};

  const auto encoder = checkpoints::load_text_encoder(config.text_encoder, device);
  require(encoder->identity() == videos.text_encoder_identity(),
          "data.videos was encoded by the text encoder {}, but text_encoder is {}: previews would "
          "show something else; use the encoder that prepared the data",
          videos.text_encoder_identity(), encoder->identity());
  for (const std::string& prompt : config.preview.prompts) {
    prompts_.push_back(encoder->encode({prompt}));
  }
}

void DitPreview::write(model::SanaVideo& model, const std::filesystem::path& directory) {
  const auto dtype = parse_dtype(config_.precision);
  const auto progress = make_silent_progress();
  for (size_t i = 0; i < prompts_.size(); ++i) {
    infer::LatentRequest request;
    request.prompt = prompts_[i];
    request.negative = negative_;
    request.size = latent_size_;
    request.seed = uint64_t(config_.preview.seed) + i;
    request.sampler = config_.preview.sampler;
    const at::Tensor latents =
        infer::sample_latents(infer::denoiser_of(model), request, device_, dtype, *progress);
    const at::Tensor frames = media::to_frames(vae_->decode(latents));
    const char* extension = frames.size(0) == 1 ? "png" : "mp4";
    media::write_video(directory / fmt::format("{:02}.{}", i, extension), frames, fps_);
  }
}

}  // namespace sana::train
