// Encoder and decoder stacks of the deep-compression autoencoder for images.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <vector>

#include "model/vae/dc_ae_config.h"
#include "model/vae/dc_ae_layers.h"

namespace sana::model {

using DcAeLayer = std::function<at::Tensor(const at::Tensor&)>;

// Images [N, 3, H, W] -> latents [N, C, H/f, W/f].
class DcAeEncoderImpl : public torch::nn::Module {
 public:
  explicit DcAeEncoderImpl(const DcAeConfig& config);
  at::Tensor forward(const at::Tensor& images);

 private:
  int64_t latent_channels_;
  bool out_shortcut_;
  std::vector<DcAeLayer> layers_;  // conv_in and the stages
  PlainConv2d conv_out_{nullptr};
};
TORCH_MODULE(DcAeEncoder);

// Latents [N, C, h, w] -> images [N, 3, f*h, f*w].
class DcAeDecoderImpl : public torch::nn::Module {
 public:
  explicit DcAeDecoderImpl(const DcAeConfig& config);
  at::Tensor forward(const at::Tensor& latents);

 private:
  int64_t widest_;
  bool in_shortcut_;
  std::string out_activation_;
  PlainConv2d conv_in_{nullptr};
  std::vector<DcAeLayer> layers_;  // the stages, coarsest first
  ChannelNorm norm_out_{nullptr};
  DcAeLayer conv_out_;
};
TORCH_MODULE(DcAeDecoder);

}  // namespace sana::model
