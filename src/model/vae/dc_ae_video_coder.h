// Encoder and decoder stacks of the deep-compression autoencoder for video.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <vector>

#include "model/vae/dc_ae_video_config.h"
#include "model/vae/dc_ae_video_layers.h"

namespace sana::model {

using VideoLayer = std::function<at::Tensor(const at::Tensor&, FeatureCache*)>;

// Videos [B, 3, F, H, W], F = 4T -> latents [B, C, T, H/f, W/f]. Without a cache the whole of a
// clip, else the next part of it.
class DcAeVideoEncoderImpl : public torch::nn::Module {
 public:
  explicit DcAeVideoEncoderImpl(const DcAeVideoConfig& config);
  at::Tensor forward(const at::Tensor& video, FeatureCache* cache = nullptr);

 private:
  ChunkedConv3d project_in_{nullptr}, project_out_{nullptr};
  std::vector<VideoLayer> layers_;
};
TORCH_MODULE(DcAeVideoEncoder);

// Latents [B, C, T, h, w] -> videos [B, 3, 4T, f*h, f*w].
class DcAeVideoDecoderImpl : public torch::nn::Module {
 public:
  explicit DcAeVideoDecoderImpl(const DcAeVideoConfig& config);
  at::Tensor forward(const at::Tensor& latents, FeatureCache* cache = nullptr);

 private:
  ChunkedConv3d project_in_{nullptr}, project_out_{nullptr};
  std::vector<VideoLayer> layers_;  // coarsest first
  ChannelNorm norm_out_{nullptr};
};
TORCH_MODULE(DcAeVideoDecoder);

}  // namespace sana::model
