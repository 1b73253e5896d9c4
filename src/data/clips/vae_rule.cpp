#include "data/clips/vae_rule.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace sana::data {

bool VaeRule::accepts(int64_t frames) const {
  return frames == 1 || (frames > 1 && (frames - lone_frames()) % temporal_stride == 0);
}

std::string VaeRule::formula() const {
  if (temporal_stride == 1) return "any number";
  return fmt::format("{}k{}", temporal_stride, first_frame_alone ? "+1" : "");
}

std::string VaeRule::words() const {
  if (temporal_stride == 1) return "each latent frame stands for one frame";
  if (!first_frame_alone) return fmt::format("each latent frame stands for {}", temporal_stride);
  return fmt::format("the first latent frame stands for one frame, each further one for {}",
                     temporal_stride);
}

std::string VaeRule::complaint(int64_t frames) const {
  if (accepts(frames)) return "";
  const int64_t fewest = first_frame_alone ? 1 : temporal_stride;
  const int64_t below = std::max(
      fewest, (frames - lone_frames()) / temporal_stride * temporal_stride + lone_frames());
  return fmt::format("must be {} for the {} ({}), got {}; nearest are {} and {}", formula(), vae,
                     words(), frames, below, below + temporal_stride);
}

std::string VaeRule::complaint(const ClipSize& clip) const {
  if (!accepts(clip.frames)) return "its number of frames " + complaint(clip.frames);
  if (divides(clip.height, clip.width)) return "";
  return fmt::format("it is {}x{}, must be multiples of {} for the {}", clip.height, clip.width,
                     spatial_stride, vae);
}

std::string VaeRule::explanation(int64_t frames) const {
  const int64_t latents = latent_frames(frames);
  const std::string result = fmt::format("{} latent frame{}", latents, latents == 1 ? "" : "s");
  if (frames == 1) return fmt::format("one frame is a picture -> {}", result);
  const std::string plus = first_frame_alone ? " + 1" : "";
  const std::string sum = temporal_stride == 1
                              ? ""
                              : fmt::format("{} = {} x {}{}: ", frames, temporal_stride,
                                            (frames - lone_frames()) / temporal_stride, plus);
  return fmt::format("{}{} -> {}", sum, words(), result);
}

}  // namespace sana::data
