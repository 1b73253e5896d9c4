// Layers of the LTX-2 video VAE. Volumes are [B, C, T, H, W] in kVolumeFormat. No gradients: the
// public weights are used as they are. Fresh parameters are uninitialised until weights are loaded.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include <array>
#include <string>
#include <vector>

#include "model/vae/ltx2_vae_config.h"
#include "model/vae/padded_volume.h"

namespace sana::model {

// What all layers of one coder share.
struct Ltx2Build {
  bool causal = true;                               // frames see earlier frames only
  BorderFill borders = BorderFill::kZeros;          // beyond rows and columns
  double shortcut_norm_eps = 1e-6;                  // of projected shortcuts
  at::TensorOptions options = at::TensorOptions();  // dtype and device of the parameters
};

// 3x3x3 convolution that keeps rows and columns, and (stride 1) frames. In time it repeats the
// first frame twice on the left (causal), or the first and the last frame once each.
class Ltx2ConvImpl : public torch::nn::Module {
 public:
  Ltx2ConvImpl(int64_t in, int64_t out, const Ltx2Build& build,
               std::array<int64_t, 3> stride = {1, 1, 1});
  // Room for an input of this shape, to be filled through interior(). `repeats` more copies of the
  // first frame go to the left.
  PaddedVolume input(at::IntArrayRef shape, const at::Tensor& like, int64_t repeats = 0) const;
  at::Tensor forward(PaddedVolume& input);
  at::Tensor forward(const at::Tensor& x);

 private:
  std::array<int64_t, 3> stride_;
  bool causal_;
  BorderFill borders_;
  at::Tensor weight_;  // "conv.weight" [out, in, 3, 3, 3]
  at::Tensor bias_;    // "conv.bias" [out]
};
TORCH_MODULE(Ltx2Conv);

// silu(x / sqrt(mean over channels of x^2 + 1e-8)), written into the interior of `out`.
void write_normalized_silu(const at::Tensor& x, PaddedVolume& out);
// conv(silu(norm(x)))
at::Tensor normalize_activate_convolve(const at::Tensor& x, Ltx2Conv& conv);

// norm, SiLU, conv, norm, SiLU, conv, plus the input (layer norm and 1x1x1 convolution when the
// channels change).
class Ltx2ResnetImpl : public torch::nn::Module {
 public:
  Ltx2ResnetImpl(int64_t in, int64_t out, const Ltx2Build& build);
  at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor shortcut(const at::Tensor& x) const;

  Ltx2Conv conv1_{nullptr}, conv2_{nullptr};
  double norm_eps_;
  at::Tensor norm_weight_, norm_bias_;          // "norm3", undefined when in == out
  at::Tensor shortcut_weight_, shortcut_bias_;  // "conv_shortcut", the same
};
TORCH_MODULE(Ltx2Resnet);

// `count` residual blocks of one width, registered as "resnets" of `owner`.
std::vector<Ltx2Resnet> register_resnets(torch::nn::Module& owner, int64_t channels, int64_t count,
                                         const Ltx2Build& build);

}  // namespace sana::model
