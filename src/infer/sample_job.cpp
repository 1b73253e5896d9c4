#include "infer/sample_job.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <random>

#include "core/error.h"

namespace sana::infer {

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t(device()) << 32 | device()) >> 1;
}

std::pair<uint64_t, bool> parse_seed(const std::string& text) {
  if (text == "-1") return {random_seed(), true};
  uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seed);
  require(error == std::errc() && stop == end && !text.empty(),
          "--seed is '{}', expected a whole number below 2^64, or -1 for a random one", text);
  return {seed, false};
}

std::vector<SampleJob> share_of_rank(const std::vector<SampleJob>& jobs, int64_t rank,
                                     int64_t count) {
  std::vector<SampleJob> share;
  for (size_t i = size_t(rank); i < jobs.size(); i += size_t(count)) share.push_back(jobs[i]);
  return share;
}

void check_job(const SampleJob& job, const checkpoints::Checkpoint& checkpoint) {
  require(std::isfinite(job.sampler.guidance) && job.sampler.guidance >= 0.0,
          "--guidance is {}, expected a number from 0 on", job.sampler.guidance);
  const VaeGeometry& geometry = checkpoint.vae.geometry;
  const auto patch = checkpoint.transformer.config.patch_size();
  const ClipSize size = checkpoints::generated_size(job.size, checkpoint);
  if (!checkpoint.is_video()) {
    require(size.frames == 1, "--frames is {}, but this checkpoint makes still images",
            size.frames);
    require(job.image.empty(), "--image: this checkpoint makes still images from text only");
  } else {
    check_frame_count("--frames", size.frames, geometry);
  }
  const int64_t latent_frames = geometry.latent_frames(size.frames);
  require(latent_frames % patch[0] == 0, "--frames {} gives {} latent frames, not a multiple of {}",
          size.frames, latent_frames, patch[0]);
  require(job.image.empty() || geometry.first_frame_alone,
          "--image: {} has no latent of a first frame alone; videos that begin with an image need "
          "the Wan or LTX-2 VAE",
          checkpoint.vae.name);
  require(job.image.empty() || latent_frames > 1,
          "--frames is {}: a video that begins with an image needs more", size.frames);
  const auto check = [](const char* name, int64_t value, int64_t unit) {
    require(value >= unit && value % unit == 0,
            "{} is {}, must be a multiple of {}; nearest are {} and {}", name, value, unit,
            std::max(value / unit, int64_t(1)) * unit,
            (std::max(value / unit, int64_t(1)) + 1) * unit);
  };
  check("--height", size.height, geometry.stride_h * patch[1]);
  check("--width", size.width, geometry.stride_w * patch[2]);
}

}  // namespace sana::infer
