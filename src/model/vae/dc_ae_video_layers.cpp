#include "model/vae/dc_ae_video_layers.h"

#include <ATen/ATen.h>

#include <string>

#include "model/parameter.h"
#include "model/vae/same_conv3d.h"
#include "model/vae/shuffle.h"
#include "model/vae/wan_vae_layers.h"

namespace sana::model {
namespace {

// A child that has no computation of its own, but a place in the names of the checkpoint.
std::shared_ptr<torch::nn::Module> add_holder(torch::nn::Module& owner, const std::string& name) {
  return owner.register_module(name, std::make_shared<torch::nn::Module>(name));
}

}  // namespace

ChunkedConv3dImpl::ChunkedConv3dImpl(const ChunkedConvSize& size) : chunk_(size.chunk) {
  auto conv = add_holder(*this, "conv");
  weight_ = conv->register_parameter("weight", unfilled_parameter({size.out, size.in, 3, 3, 3}));
  if (size.bias) bias_ = conv->register_parameter("bias", unfilled_parameter({size.out}));
  if (size.norm) norm_ = register_module("norm", ChannelNorm(size.out));
}

at::Tensor ChunkedConv3dImpl::convolve_chunks(const at::Tensor& x, int64_t chunks) {
  if (chunks == 1) return same_conv3d(x, weight_, bias_);
  // [B, C, n*L, H, W] -> [B*n, C, L, H, W] and back; in channels-last memory these are views.
  const at::Tensor apart = unfold_frames(fold_frames(x), x.size(0) * chunks);
  return unfold_frames(fold_frames(same_conv3d(apart, weight_, bias_)), x.size(0));
}

void ChunkedConv3dImpl::add_earlier_frames(at::Tensor& y, const at::Tensor& x,
                                           const at::Tensor& before) {
  at::Tensor frames = x.slice(2, chunk_ - 1, x.size(2) - 1, chunk_);  // last of all chunks but one
  if (before.defined()) frames = at::cat({before, frames}, 2);
  if (frames.size(2) == 0) return;
  const at::Tensor effect =
      at::conv2d(fold_frames(frames), weight_.select(2, 0), {}, 1, /*padding=*/1);
  y.slice(2, before.defined() ? 0 : chunk_, y.size(2), chunk_)
      .add_(unfold_frames(effect, x.size(0)));
}

at::Tensor ChunkedConv3dImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  at::Tensor* slot = cache == nullptr ? nullptr : &cache->next_slot();
  const bool chunked = x.size(2) % chunk_ == 0;
  at::Tensor y = convolve_chunks(x, chunked ? x.size(2) / chunk_ : 1);
  if (chunked) {
    add_earlier_frames(y, x, slot == nullptr ? at::Tensor() : *slot);
    if (slot != nullptr) *slot = x.narrow(2, x.size(2) - 1, 1).clone();
  }
  return norm_ ? norm_(y) : y;
}

VideoResBlockImpl::VideoResBlockImpl(int64_t channels, int64_t chunk) {
  auto main = add_holder(*this, "main");
  conv1_ =
      main->register_module("conv1", ChunkedConv3d(ChunkedConvSize{channels, channels, chunk}));
  conv2_ = main->register_module(
      "conv2", ChunkedConv3d(ChunkedConvSize{channels, channels, chunk, false, true}));
}

at::Tensor VideoResBlockImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  return conv2_(at::silu(conv1_(x, cache)), cache) + x;
}

VideoDownImpl::VideoDownImpl(int64_t in, int64_t out, VideoFold fold, int64_t chunk)
    : out_(out), fold_(fold) {
  auto main = add_holder(*this, "main");
  conv_ =
      main->register_module("conv", ChunkedConv3d(ChunkedConvSize{in, out / fold.size(), chunk}));
}

at::Tensor VideoDownImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  const auto unshuffled = [&](const at::Tensor& t) {
    return volume_unshuffle(t, fold_.spatial, fold_.temporal);
  };
  return unshuffled(conv_(x, cache)) + average_channels(unshuffled(x), out_);
}

VideoUpImpl::VideoUpImpl(int64_t in, int64_t out, VideoFold fold, int64_t chunk)
    : out_(out), fold_(fold) {
  auto main = add_holder(*this, "main");
  conv_ =
      main->register_module("conv", ChunkedConv3d(ChunkedConvSize{in, out * fold.size(), chunk}));
}

at::Tensor VideoUpImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  const auto shuffled = [&](const at::Tensor& t) {
    return volume_shuffle(t, fold_.spatial, fold_.temporal);
  };
  return shuffled(conv_(x, cache)) + shuffled(repeat_channels(x, out_ * fold_.size()));
}

}  // namespace sana::model
