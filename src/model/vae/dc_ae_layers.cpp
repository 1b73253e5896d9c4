#include "model/vae/dc_ae_layers.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/parameter.h"
#include "model/vae/shuffle.h"

namespace sana::model {
namespace {

constexpr double kNormEps = 1e-5;

}  // namespace

at::Tensor activate(const at::Tensor& x, const std::string& name) {
  if (name == "silu" || name == "swish") return at::silu(x);
  if (name == "mish") return at::mish(x);
  if (name == "gelu") return at::gelu(x);
  SANA_ASSERT(name == "relu");
  return at::relu(x);
}

PlainConv2dImpl::PlainConv2dImpl(const Conv2dSize& size)
    : size_(size),
      weight_(register_parameter("weight", unfilled_parameter({size.out, size.in / size.groups,
                                                               size.kernel, size.kernel}))) {
  if (size.bias) bias_ = register_parameter("bias", unfilled_parameter({size.out}));
}

at::Tensor PlainConv2dImpl::forward(const at::Tensor& x) {
  return at::conv2d(x, weight_, bias_, size_.stride, size_.kernel / 2, 1, size_.groups);
}

ChannelNormImpl::ChannelNormImpl(int64_t channels, const std::string& kind)
    : weight_(register_parameter("weight", unfilled_parameter({channels}))),
      bias_(register_parameter("bias", unfilled_parameter({channels}))) {
  if (kind != "batch_norm") return;
  mean_ = register_buffer("running_mean", unfilled_parameter({channels}));
  variance_ = register_buffer("running_var", unfilled_parameter({channels}));
  // Of no use here, but checkpoints hold it.
  register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
}

at::Tensor ChannelNormImpl::forward(const at::Tensor& x) {
  if (mean_.defined()) {
    return at::batch_norm(x, weight_, bias_, mean_, variance_, /*training=*/false, 0.0, kNormEps,
                          /*cudnn_enabled=*/true);
  }
  const at::Tensor channels_last = x.movedim(1, -1);
  return (at::rms_norm(channels_last, weight_.sizes(), weight_, kNormEps) + bias_).movedim(-1, 1);
}

DcAeResBlockImpl::DcAeResBlockImpl(int64_t channels, const std::string& norm,
                                   const std::string& activation)
    : activation_(activation),
      conv1_(register_module("conv1", PlainConv2d(Conv2dSize{channels, channels}))),
      conv2_(register_module("conv2", PlainConv2d(Conv2dSize{channels, channels, 3, 1, 1, false}))),
      norm_(register_module("norm", ChannelNorm(channels, norm))) {}

at::Tensor DcAeResBlockImpl::forward(const at::Tensor& x) {
  return norm_(conv2_(activate(conv1_(x), activation_))) + x;
}

DcAeDownImpl::DcAeDownImpl(int64_t in, int64_t out, bool strided, bool shortcut)
    : out_(out),
      strided_(strided),
      shortcut_(shortcut),
      conv_(register_module(
          "conv", PlainConv2d(strided ? Conv2dSize{in, out, 3, 2} : Conv2dSize{in, out / 4}))) {}

at::Tensor DcAeDownImpl::forward(const at::Tensor& x) {
  const at::Tensor y = strided_ ? conv_(x) : image_unshuffle(conv_(x));
  return shortcut_ ? y + average_channels(image_unshuffle(x), out_) : y;
}

DcAeUpImpl::DcAeUpImpl(int64_t in, int64_t out, bool interpolating, bool shortcut)
    : out_(out),
      interpolating_(interpolating),
      shortcut_(shortcut),
      conv_(register_module("conv", PlainConv2d(Conv2dSize{in, interpolating ? out : 4 * out}))) {}

at::Tensor DcAeUpImpl::forward(const at::Tensor& x) {
  const at::Tensor y = interpolating_
                           ? conv_(at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}))
                           : image_shuffle(conv_(x));
  return shortcut_ ? y + image_shuffle(repeat_channels(x, 4 * out_)) : y;
}

}  // namespace sana::model
