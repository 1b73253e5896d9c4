#include "media/picture/to_frames.h"

#include <ATen/ATen.h>

namespace sana::media {

at::Tensor to_frames(const at::Tensor& video) {
  return ((video.to(at::kFloat) * 0.5 + 0.5).clamp(0.0, 1.0) * 255.0)
      .round()
      .to(at::kByte)
      .squeeze(0)
      .permute({1, 2, 3, 0})
      .contiguous()
      .to(at::kCPU);
}

}  // namespace sana::media
