// Encoder and decoder stacks of the LTX-2 video VAE.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <optional>
#include <vector>

#include "model/vae/ltx2_resample.h"
#include "model/vae/ltx2_vae_layers.h"

namespace sana::model {

// Residual blocks of one width: the middle of both coders.
class Ltx2MidBlockImpl : public torch::nn::Module {
 public:
  Ltx2MidBlockImpl(int64_t channels, int64_t layers, const Ltx2Build& build);
  at::Tensor forward(const at::Tensor& x);

 private:
  std::vector<Ltx2Resnet> resnets_;
};
TORCH_MODULE(Ltx2MidBlock);

// Residual blocks of width `in`, then a downsampler of the named type where there is one.
class Ltx2DownBlockImpl : public torch::nn::Module {
 public:
  Ltx2DownBlockImpl(int64_t in, int64_t out, int64_t layers,
                    const std::optional<std::string>& downsample_type, const Ltx2Build& build);
  at::Tensor forward(const at::Tensor& x);

 private:
  std::vector<Ltx2Resnet> resnets_;
  std::function<at::Tensor(const at::Tensor&)> downsample_;  // empty: none
};
TORCH_MODULE(Ltx2DownBlock);

// What one block of the decoder does to its width and resolution.
struct Ltx2UpBlockPlan {
  int64_t in = 0;   // channels before the block, divided by the factor
  int64_t out = 0;  // channels after it
  int64_t layers = 0;
  int64_t factor = 1;
  bool residual = true;
  std::optional<Ltx2Stride> upsample;
};

// A projecting residual block when the width changes, the upsampler, residual blocks of width
// `out`.
class Ltx2UpBlockImpl : public torch::nn::Module {
 public:
  Ltx2UpBlockImpl(const Ltx2UpBlockPlan& plan, const Ltx2Build& build);
  at::Tensor forward(const at::Tensor& x);

 private:
  Ltx2Resnet conv_in_{nullptr};
  Ltx2Upsample upsampler_{nullptr};
  std::vector<Ltx2Resnet> resnets_;
};
TORCH_MODULE(Ltx2UpBlock);

// Pixels [B, 3, F, H, W] -> moments [B, C + 1, T, h, w]: C means and one log-variance for all.
class Ltx2EncoderImpl : public torch::nn::Module {
 public:
  Ltx2EncoderImpl(const Ltx2VaeConfig& config, const at::TensorOptions& options);
  at::Tensor forward(const at::Tensor& video);

 private:
  int64_t patch_;
  Ltx2Conv conv_in_{nullptr}, conv_out_{nullptr};
  std::vector<Ltx2DownBlock> down_blocks_;
  Ltx2MidBlock mid_block_{nullptr};
};
TORCH_MODULE(Ltx2Encoder);

// Latents [B, C, T, h, w] -> pixels [B, 3, F, H, W], contiguous.
class Ltx2DecoderImpl : public torch::nn::Module {
 public:
  Ltx2DecoderImpl(const Ltx2VaeConfig& config, const at::TensorOptions& options);
  at::Tensor forward(const at::Tensor& latents);

 private:
  int64_t patch_;
  Ltx2Conv conv_in_{nullptr}, conv_out_{nullptr};
  Ltx2MidBlock mid_block_{nullptr};
  std::vector<Ltx2UpBlock> up_blocks_;
};
TORCH_MODULE(Ltx2Decoder);

}  // namespace sana::model
