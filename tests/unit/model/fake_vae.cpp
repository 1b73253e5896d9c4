#include "fake_vae.h"

#include <ATen/ATen.h>

namespace sana_test {

using namespace sana;
using namespace sana::model;

VaeGeometry FakeVae::geometry() const {
  // Frames without neighbours have a stride of one.
  return {coupling_ == FrameCoupling::kNone ? 1 : 4, 8, 8, 1};
}

at::Tensor FakeVae::encode(const at::Tensor& video) {
  const int64_t stride = geometry().stride_t;
  const at::Tensor rows = video.unflatten(4, {-1, 8}).mean(5).unflatten(3, {-1, 8}).mean(4);
  const at::Tensor later = rows.slice(2, 1).unflatten(2, {-1, stride}).mean(3);
  return at::cat({rows.narrow(2, 0, 1), later}, 2).narrow(1, 0, 1);
}

at::Tensor FakeVae::decode(const at::Tensor& latents) {
  decoded.push_back({latents.size(2), latents.size(3), latents.size(4)});
  TORCH_CHECK_WITH(OutOfMemoryError, latents.numel() <= room, "no room for the test");
  const at::Tensor larger = latents.repeat_interleave(8, 3).repeat_interleave(8, 4);
  const at::Tensor frames = larger.repeat_interleave(geometry().stride_t, 2);
  return frames.slice(2, geometry().stride_t - 1).expand({-1, 3, -1, -1, -1});
}

}  // namespace sana_test
