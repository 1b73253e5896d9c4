#include "model/vae/wan_vae_layers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/error.h"
#include "model/parameter.h"

namespace sana::model {
namespace {

// Variance 1 / fan_in: the output of the convolution is as large as its input. (PyTorch's default
// is a third of it, and a signal that crosses the eight strided convolutions of the trunk
// vanishes.)
at::Tensor new_weight(at::IntArrayRef shape) {
  int64_t fan_in = 1;
  for (size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  return new_parameter(shape, uniform(std::sqrt(3.0 / double(fan_in))));
}

// The last `count` frames.
at::Tensor tail(const at::Tensor& x, int64_t count) {
  return x.narrow(2, x.size(2) - count, count);
}

// Frames one after the other, channels last whatever the inputs are: a mixed layout would transpose
// every frame at every later layer.
at::Tensor join_frames(const at::Tensor& before, const at::Tensor& after) {
  const std::vector<int64_t> channels_last = {0, 2, 3, 4, 1};
  return at::cat({before.permute(channels_last), after.permute(channels_last)}, 1)
      .permute({0, 4, 1, 2, 3});
}

}  // namespace

CausalConv3dImpl::CausalConv3dImpl(int64_t in, int64_t out, std::array<int64_t, 3> kernel)
    : kernel_(kernel),
      weight_(register_parameter("weight", new_weight({out, in, kernel[0], kernel[1], kernel[2]}))),
      bias_(register_parameter("bias", new_parameter({out}, zeros()))) {}

void CausalConv3dImpl::start_at_zero() { refill_parameter(weight_, zeros()); }

at::Tensor CausalConv3dImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  const int64_t context = kernel_[0] - 1;
  at::Tensor joined = x;
  if (context > 0 && cache == nullptr) {
    joined = at::constant_pad_nd(x, {0, 0, 0, 0, context, 0});
  } else if (context > 0) {
    at::Tensor& slot = cache->next_slot();
    if (!slot.defined()) {
      slot = at::zeros({x.size(0), x.size(1), context, x.size(3), x.size(4)}, x.options());
    }
    joined = join_frames(slot, x);
    slot = tail(joined, context).clone();
  }
  return convolve_volume(joined, weight_, bias_, {1, 1, 1}, {kernel_[1] / 2, kernel_[2] / 2});
}

at::Tensor CausalConv3dImpl::forward_valid(const at::Tensor& x, int64_t time_stride) {
  return convolve_volume(x, weight_, bias_, {time_stride, 1, 1}, {0, 0});
}

FrameConv2dImpl::FrameConv2dImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride,
                                 int64_t padding)
    : stride_(stride),
      padding_(padding),
      weight_(register_parameter("weight", new_weight({out, in, kernel, kernel}))),
      bias_(register_parameter("bias", new_parameter({out}, zeros()))) {}

void FrameConv2dImpl::start_at_zero() { refill_parameter(weight_, zeros()); }

at::Tensor FrameConv2dImpl::forward(const at::Tensor& frames) {
  return at::conv2d(frames, weight_, bias_, stride_, padding_);
}

ChannelRmsNormImpl::ChannelRmsNormImpl(int64_t channels, int64_t trailing_axes) {
  std::vector<int64_t> shape(size_t(trailing_axes) + 1, 1);
  shape[0] = channels;
  gamma_ = register_parameter("gamma", new_parameter(shape, ones()));
}

at::Tensor ChannelRmsNormImpl::forward(const at::Tensor& x) {
  // |x| / sqrt(C) is the root mean square, so this is RMSNorm. The reference clamps |x| at 1e-12;
  // eps 1e-24 inside the root has the same effect.
  const at::Tensor channels_last = x.movedim(1, -1);
  return at::rms_norm(channels_last, {x.size(1)}, gamma_.flatten(), 1e-24).movedim(-1, 1);
}

WanResidualBlockImpl::WanResidualBlockImpl(int64_t in, int64_t out)
    : norm1_(register_module("norm1", ChannelRmsNorm(in, 3))),
      norm2_(register_module("norm2", ChannelRmsNorm(out, 3))),
      conv1_(register_module("conv1", CausalConv3d(in, out, std::array<int64_t, 3>{3, 3, 3}))),
      conv2_(register_module("conv2", CausalConv3d(out, out, std::array<int64_t, 3>{3, 3, 3}))) {
  if (in != out) {
    conv_shortcut_ =
        register_module("conv_shortcut", CausalConv3d(in, out, std::array<int64_t, 3>{1, 1, 1}));
  }
  conv2_->start_at_zero();
}

at::Tensor WanResidualBlockImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  const at::Tensor shortcut = conv_shortcut_ ? conv_shortcut_(x) : x;
  const at::Tensor y = conv1_(at::silu(norm1_(x)), cache);
  return shortcut + conv2_(at::silu(norm2_(y)), cache);
}

FrameAttentionImpl::FrameAttentionImpl(int64_t channels)
    : norm_(register_module("norm", ChannelRmsNorm(channels, 2))),
      to_qkv_(register_module("to_qkv", FrameConv2d(channels, 3 * channels, 1, 1, 0))),
      proj_(register_module("proj", FrameConv2d(channels, channels, 1, 1, 0))) {
  proj_->start_at_zero();
}

at::Tensor FrameAttentionImpl::forward(const at::Tensor& x) {
  const at::Tensor frames = fold_frames(x);  // [M, C, H, W]
  const auto parts = to_qkv_(norm_(frames)).chunk(3, 1);
  const auto tokens = [](const at::Tensor& t) { return t.flatten(2).transpose(1, 2).unsqueeze(1); };
  const at::Tensor attended =  // [M, 1, H*W, C]
      at::scaled_dot_product_attention(tokens(parts[0]), tokens(parts[1]), tokens(parts[2]));
  const at::Tensor volume = attended.squeeze(1).transpose(1, 2).view_as(frames);
  return x + unfold_frames(proj_(volume), x.size(0));
}

WanDownsampleImpl::WanDownsampleImpl(int64_t channels, bool temporal) {
  auto resample = register_module("resample", std::make_shared<torch::nn::Module>("resample"));
  conv_ = resample->register_module("1", FrameConv2d(channels, channels, 3, 2, 0));
  if (temporal) {
    time_conv_ = register_module("time_conv",
                                 CausalConv3d(channels, channels, std::array<int64_t, 3>{3, 1, 1}));
  }
}

at::Tensor WanDownsampleImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  const at::Tensor padded = at::constant_pad_nd(fold_frames(x), {0, 1, 0, 1});
  const at::Tensor y = unfold_frames(conv_(padded), x.size(0));
  if (!time_conv_) return y;
  if (cache == nullptr) {
    if (y.size(2) == 1) return y;
    return at::cat({y.narrow(2, 0, 1), time_conv_->forward_valid(y, 2)}, 2);
  }
  at::Tensor& slot = cache->next_slot();  // the last frame of the chunk before
  const at::Tensor result = slot.defined() ? time_conv_->forward_valid(join_frames(slot, y), 2) : y;
  slot = tail(y, 1).clone();
  return result;
}

WanUpsampleImpl::WanUpsampleImpl(int64_t channels, bool temporal) {
  auto resample = register_module("resample", std::make_shared<torch::nn::Module>("resample"));
  conv_ = resample->register_module("1", FrameConv2d(channels, channels / 2, 3, 1, 1));
  if (temporal) {
    time_conv_ = register_module(
        "time_conv", CausalConv3d(channels, 2 * channels, std::array<int64_t, 3>{3, 1, 1}));
  }
}

at::Tensor WanUpsampleImpl::upsample_time(const at::Tensor& x, FeatureCache* cache) {
  // Frame i becomes frames 2i (first half of the channels) and 2i + 1 (second half).
  const auto doubled = [&](const at::Tensor& frames, FeatureCache* c) {
    const at::Tensor y = time_conv_(frames, c).unflatten(1, {2, x.size(1)});  // [B, 2, C, T, H, W]
    return y.permute({0, 2, 3, 1, 4, 5}).flatten(2, 3);
  };
  // The first frame of a clip is never doubled, nor seen by the convolution.
  if (cache == nullptr) {
    if (x.size(2) == 1) return x;
    return at::cat({x.narrow(2, 0, 1), doubled(x.narrow(2, 1, x.size(2) - 1), nullptr)}, 2);
  }
  at::Tensor& started = cache->next_slot();
  if (started.defined()) return doubled(x, cache);
  started = at::ones({1});
  cache->next_slot();           // the convolution's own, still empty
  SANA_ASSERT(x.size(2) == 1);  // the first chunk of a clip is one frame
  return x;
}

at::Tensor WanUpsampleImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  const at::Tensor timed = time_conv_ ? upsample_time(x, cache) : x;
  const at::Tensor larger =
      at::upsample_nearest2d(fold_frames(timed), {2 * x.size(3), 2 * x.size(4)});
  return unfold_frames(conv_(larger), x.size(0));
}

WanMidBlockImpl::WanMidBlockImpl(int64_t channels) {
  auto resnets = register_module("resnets", torch::nn::ModuleList());
  auto attentions = register_module("attentions", torch::nn::ModuleList());
  for (int i = 0; i < 2; ++i) {
    resnets_.emplace_back(channels, channels);
    resnets->push_back(resnets_.back());
  }
  attention_ = FrameAttention(channels);
  attentions->push_back(attention_);
}

at::Tensor WanMidBlockImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  return resnets_[1](attention_(resnets_[0](x, cache)), cache);
}

}  // namespace sana::model
