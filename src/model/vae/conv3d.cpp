#include "model/vae/conv3d.h"

#include <ATen/ATen.h>

#include <vector>

namespace sana::model {
namespace {

// The same convolution as a 2-D one over frames whose channels are those of the frames that each
// output sees. PyTorch's CPU conv3d is about ten times slower than its conv2d.
at::Tensor conv3d_as_conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const std::array<int64_t, 3>& stride,
                            const std::array<int64_t, 2>& padding) {
  const int64_t taps = weight.size(2);
  const int64_t frames = (x.size(2) - taps) / stride[0] + 1;
  std::vector<at::Tensor> seen;
  for (int64_t k = 0; k < taps; ++k) {
    seen.push_back(x.slice(2, k, k + (frames - 1) * stride[0] + 1, stride[0]));
  }
  const at::Tensor stacked = fold_frames(taps == 1 ? seen[0] : at::cat(seen, 1));
  const at::Tensor flat_weight = weight.transpose(1, 2).flatten(1, 2);  // [out, t * in, h, w]
  return unfold_frames(
      at::conv2d(stacked.contiguous(at::MemoryFormat::ChannelsLast), flat_weight, bias,
                 at::IntArrayRef({stride[1], stride[2]}), at::IntArrayRef(padding)),
      x.size(0));
}

}  // namespace

at::Tensor empty_volume(at::IntArrayRef shape, const at::Tensor& like) {
  return at::empty(shape, like.options().memory_format(kVolumeFormat));
}

void use_volume_format(torch::nn::Module& module) {
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : module.parameters()) {
    if (parameter.dim() == 5) parameter.set_data(parameter.contiguous(kVolumeFormat));
  }
}

at::Tensor convolve_volume(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           const std::array<int64_t, 3>& stride,
                           const std::array<int64_t, 2>& padding) {
  if (x.is_cpu()) return conv3d_as_conv2d(x, weight, bias, stride, padding);
  return at::conv3d(x.contiguous(kVolumeFormat), weight, bias, at::IntArrayRef(stride),
                    at::IntArrayRef({0, padding[0], padding[1]}));
}

at::Tensor fold_frames(const at::Tensor& volume) {
  // [B, T, H, W, C] is the memory order; the view costs nothing in channels-last.
  return volume.permute({0, 2, 3, 4, 1}).flatten(0, 1).permute({0, 3, 1, 2});
}

at::Tensor unfold_frames(const at::Tensor& frames, int64_t batch) {
  return frames.permute({0, 2, 3, 1})
      .unflatten(0, {batch, frames.size(0) / batch})
      .permute({0, 4, 1, 2, 3});
}

}  // namespace sana::model
