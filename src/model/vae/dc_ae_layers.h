// Layers of deep-compression autoencoders for images. Maps are [N, C, H, W] in channels-last
// memory, so that normalising over channels and shuffling pixels move little data. Weights are
// without memory until adopt_state_dict() sets them.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>

namespace sana::model {

// silu (swish), mish, gelu or relu.
at::Tensor activate(const at::Tensor& x, const std::string& name);

// Convolution named as PyTorch's Conv2d, padded to keep the size (stride 1) or to halve it.
struct Conv2dSize {
  int64_t in = 0, out = 0, kernel = 3, stride = 1, groups = 1;
  bool bias = true;
};
class PlainConv2dImpl : public torch::nn::Module {
 public:
  explicit PlainConv2dImpl(const Conv2dSize& size);
  at::Tensor forward(const at::Tensor& x);

 private:
  Conv2dSize size_;
  at::Tensor weight_;  // [out, in / groups, kernel, kernel]
  at::Tensor bias_;    // [out] or undefined
};
TORCH_MODULE(PlainConv2d);

// "rms_norm": weight * x / sqrt(mean over channels(x^2) + 1e-5) + bias; "batch_norm": the same with
// stored means and variances.   [N, C, ...] -> [N, C, ...]
class ChannelNormImpl : public torch::nn::Module {
 public:
  explicit ChannelNormImpl(int64_t channels, const std::string& kind = "rms_norm");
  at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor weight_, bias_;    // [C]
  at::Tensor mean_, variance_;  // [C], undefined for rms_norm
};
TORCH_MODULE(ChannelNorm);

// x + norm(conv2(act(conv1(x)))).
class DcAeResBlockImpl : public torch::nn::Module {
 public:
  DcAeResBlockImpl(int64_t channels, const std::string& norm, const std::string& activation);
  at::Tensor forward(const at::Tensor& x);

 private:
  std::string activation_;
  PlainConv2d conv1_{nullptr}, conv2_{nullptr};
  ChannelNorm norm_{nullptr};
};
TORCH_MODULE(DcAeResBlock);

// Half the rows and columns: a convolution (strided, or followed by unshuffling) plus channel means
// of the unshuffled input.
class DcAeDownImpl : public torch::nn::Module {
 public:
  DcAeDownImpl(int64_t in, int64_t out, bool strided, bool shortcut);
  at::Tensor forward(const at::Tensor& x);

 private:
  int64_t out_;
  bool strided_, shortcut_;
  PlainConv2d conv_{nullptr};
};
TORCH_MODULE(DcAeDown);

// Twice the rows and columns: a convolution (of the enlarged map, or followed by shuffling) plus
// the shuffled input with its channels repeated.
class DcAeUpImpl : public torch::nn::Module {
 public:
  DcAeUpImpl(int64_t in, int64_t out, bool interpolating, bool shortcut);
  at::Tensor forward(const at::Tensor& x);

 private:
  int64_t out_;
  bool interpolating_, shortcut_;
  PlainConv2d conv_{nullptr};
};
TORCH_MODULE(DcAeUp);

}  // namespace sana::model
