// The EfficientViT block of deep-compression autoencoders: multi-scale linear attention, then a
// gated convolution. Maps are [N, C, H, W] in channels-last memory.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/vae/dc_ae_config.h"
#include "model/vae/dc_ae_layers.h"

namespace sana::model {

// Linear layer without bias on channels-last tokens.   [..., in] -> [..., out]
class ProjectionImpl : public torch::nn::Module {
 public:
  ProjectionImpl(int64_t in, int64_t out);
  at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor weight_;  // [out, in]
};
TORCH_MODULE(Projection);

// Queries, keys and values of a coarser scale: a depthwise convolution of the joined qkv map, then
// a mixing of the channels within each head.   [N, 3C, H, W] -> [N, 3C, H, W]
class QkvScaleImpl : public torch::nn::Module {
 public:
  QkvScaleImpl(int64_t channels, int64_t heads, int64_t kernel);
  at::Tensor forward(const at::Tensor& qkv);

 private:
  PlainConv2d proj_in_{nullptr}, proj_out_{nullptr};
};
TORCH_MODULE(QkvScale);

// x + norm(out(attention)): ReLU linear attention over all pixels, no positions; the scales are
// further heads.
class MultiScaleAttentionImpl : public torch::nn::Module {
 public:
  MultiScaleAttentionImpl(const DcAeStage& stage, int64_t head_dim);
  at::Tensor forward(const at::Tensor& x);

 private:
  int64_t head_dim_;
  Projection to_q_{nullptr}, to_k_{nullptr}, to_v_{nullptr}, to_out_{nullptr};
  std::vector<QkvScale> scales_;
  ChannelNorm norm_out_{nullptr};
};
TORCH_MODULE(MultiScaleAttention);

// x + norm(point(a * SiLU(g))), (a, g) the halves of depth(SiLU(inverted(x))).
class GatedConvImpl : public torch::nn::Module {
 public:
  explicit GatedConvImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);

 private:
  PlainConv2d inverted_{nullptr}, depth_{nullptr}, point_{nullptr};
  ChannelNorm norm_{nullptr};
};
TORCH_MODULE(GatedConv);

class EfficientVitBlockImpl : public torch::nn::Module {
 public:
  EfficientVitBlockImpl(const DcAeStage& stage, int64_t head_dim);
  at::Tensor forward(const at::Tensor& x);

 private:
  MultiScaleAttention attention_{nullptr};
  GatedConv conv_{nullptr};
};
TORCH_MODULE(EfficientVitBlock);

}  // namespace sana::model
