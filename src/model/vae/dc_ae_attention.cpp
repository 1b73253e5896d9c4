#include "model/vae/dc_ae_attention.h"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include "model/linear_attention.h"
#include "model/parameter.h"
#include "model/state_dict.h"

namespace sana::model {
namespace {

constexpr double kAttentionEps = 1e-15;  // as in the reference normaliser
constexpr int64_t kExpansion = 4;

}  // namespace

ProjectionImpl::ProjectionImpl(int64_t in, int64_t out)
    : weight_(register_parameter("weight", unfilled_parameter({out, in}))) {}

at::Tensor ProjectionImpl::forward(const at::Tensor& x) { return at::linear(x, weight_); }

QkvScaleImpl::QkvScaleImpl(int64_t channels, int64_t heads, int64_t kernel)
    : proj_in_(register_module("proj_in", PlainConv2d(Conv2dSize{3 * channels, 3 * channels, kernel,
                                                                 1, 3 * channels, false}))),
      proj_out_(register_module("proj_out", PlainConv2d(Conv2dSize{3 * channels, 3 * channels, 1, 1,
                                                                   3 * heads, false}))) {}

at::Tensor QkvScaleImpl::forward(const at::Tensor& qkv) { return proj_out_(proj_in_(qkv)); }

MultiScaleAttentionImpl::MultiScaleAttentionImpl(const DcAeStage& stage, int64_t head_dim)
    : head_dim_(head_dim) {
  const int64_t heads = stage.width / head_dim;
  const int64_t inner = heads * head_dim;
  to_q_ = register_module("to_q", Projection(stage.width, inner));
  to_k_ = register_module("to_k", Projection(stage.width, inner));
  to_v_ = register_module("to_v", Projection(stage.width, inner));
  auto list = register_module("to_qkv_multiscale", torch::nn::ModuleList());
  for (const int64_t kernel : stage.scales) {
    scales_.emplace_back(inner, heads, kernel);
    list->push_back(scales_.back());
  }
  to_out_ = register_module("to_out",
                            Projection(inner * (1 + int64_t(stage.scales.size())), stage.width));
  norm_out_ = register_module("norm_out", ChannelNorm(stage.width, stage.norm));
}

at::Tensor MultiScaleAttentionImpl::forward(const at::Tensor& x) {
  const at::Tensor pixels = x.permute({0, 2, 3, 1});  // [N, H, W, C]
  const at::Tensor qkv = at::cat({to_q_(pixels), to_k_(pixels), to_v_(pixels)}, -1);
  std::vector<at::Tensor> scales = {qkv};
  for (QkvScale& scale : scales_) {
    scales.push_back(scale(qkv.permute({0, 3, 1, 2})).permute({0, 2, 3, 1}));
  }
  // The channels of each head are its q, k and v in turn: to_q, to_k and to_v are but thirds of the
  // joined weight, stored under these names. [N, H*W, heads * scales, 3 * d]
  const auto parts =
      at::cat(scales, -1).flatten(1, 2).unflatten(-1, {-1, 3 * head_dim_}).chunk(3, -1);
  // For maps of few pixels the reference multiplies in another order; the result is the same.
  const at::Tensor attended = relu_linear_attention(at::relu(parts[0]), at::relu(parts[1]),
                                                    parts[2], /*phases=*/{}, kAttentionEps);
  const at::Tensor y = to_out_(attended.flatten(-2)).view_as(pixels);
  return norm_out_(y.permute({0, 3, 1, 2})) + x;
}

GatedConvImpl::GatedConvImpl(int64_t channels) {
  const int64_t hidden = kExpansion * channels;
  inverted_ = register_module("conv_inverted", PlainConv2d(Conv2dSize{channels, 2 * hidden, 1}));
  depth_ = register_module("conv_depth",
                           PlainConv2d(Conv2dSize{2 * hidden, 2 * hidden, 3, 1, 2 * hidden}));
  point_ = register_module("conv_point", PlainConv2d(Conv2dSize{hidden, channels, 1, 1, 1, false}));
  norm_ = register_module("norm", ChannelNorm(channels));
}

at::Tensor GatedConvImpl::forward(const at::Tensor& x) {
  const auto parts = depth_(at::silu(inverted_(x))).chunk(2, 1);
  return norm_(point_(parts[0] * at::silu(parts[1]))) + x;
}

EfficientVitBlockImpl::EfficientVitBlockImpl(const DcAeStage& stage, int64_t head_dim)
    : attention_(register_module("attn", MultiScaleAttention(stage, head_dim))),
      conv_(register_module("conv_out", GatedConv(stage.width))) {}

at::Tensor EfficientVitBlockImpl::forward(const at::Tensor& x) { return conv_(attention_(x)); }

}  // namespace sana::model
