#include "core/geometry/vae_geometry.h"

#include <algorithm>

#include "core/error.h"

namespace sana {
namespace {

// What a latent frame stands for.
std::string meaning(const VaeGeometry& geometry) {
  if (geometry.stride_t == 1) return "each latent frame stands for one frame";
  if (!geometry.first_frame_alone) {
    return fmt::format("each latent frame stands for {}", geometry.stride_t);
  }
  return fmt::format("the first latent frame stands for one frame, each further one for {}",
                     geometry.stride_t);
}

// Of a number that is not accepted: "nearest are 77 and 81".
std::string nearest_text(int64_t frames, const VaeGeometry& geometry) {
  const int64_t stride = geometry.stride_t, lone = geometry.lone_frames();
  const int64_t fewest = lone == 1 ? 1 : stride;
  const int64_t below =
      std::max(lone + std::max<int64_t>(frames - lone, 0) / stride * stride, fewest);
  return fmt::format("nearest are {} and {}", below, below + stride);
}

}  // namespace

std::string VaeGeometry::formula() const {
  if (stride_t == 1) return "any number";
  return fmt::format("{}k{}", stride_t, first_frame_alone ? "+1" : "");
}

std::string VaeGeometry::spatial_strides() const {
  if (stride_h == stride_w) return std::to_string(stride_h);
  return fmt::format("{} x {}", stride_h, stride_w);
}

std::string VaeGeometry::complaint(int64_t frames, const std::string& vae) const {
  if (accepts_sample(frames)) return "";
  return fmt::format("must be {} for the {} ({}), got {}; {}", formula(), vae, meaning(*this),
                     frames, nearest_text(frames, *this));
}

std::string VaeGeometry::complaint(const ClipSize& clip, const std::string& vae) const {
  if (!accepts_sample(clip.frames)) {
    return "its number of frames " + complaint(clip.frames, vae);
  }
  if (divides(clip)) return "";
  return fmt::format("it is {}x{}, must be multiples of {} for the {}", clip.height, clip.width,
                     spatial_strides(), vae);
}

std::string VaeGeometry::explanation(int64_t frames) const {
  const int64_t latents = latent_frames(frames);
  const std::string result = fmt::format("{} latent frame{}", latents, latents == 1 ? "" : "s");
  if (frames == 1) return fmt::format("one frame is a picture -> {}", result);
  const std::string plus = first_frame_alone ? " + 1" : "";
  const std::string sum = stride_t == 1 ? ""
                                        : fmt::format("{} = {} x {}{}: ", frames, stride_t,
                                                      (frames - lone_frames()) / stride_t, plus);
  return fmt::format("{}{} -> {}", sum, meaning(*this), result);
}

void check_frame_count(const std::string& what, int64_t frames, const VaeGeometry& geometry) {
  require(geometry.accepts(frames), "{} is {} frames, must be {} for this VAE; {}", what, frames,
          geometry.formula(), nearest_text(frames, geometry));
}

}  // namespace sana
