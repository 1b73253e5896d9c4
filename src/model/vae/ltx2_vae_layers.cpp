#include "model/vae/ltx2_vae_layers.h"

#include <ATen/ATen.h>

#include <memory>
#include <tuple>
#include <utility>

#include "model/vae/conv3d.h"

namespace sana::model {
namespace {

constexpr int64_t kTaps = 3;              // frames that a convolution sees
constexpr double kChannelNormEps = 1e-8;  // of the channel norm, fixed in the public class

// Registers "<name>.weight" and "<name>.bias", uninitialised.
std::pair<at::Tensor, at::Tensor> register_weight_and_bias(torch::nn::Module& owner,
                                                           const std::string& name,
                                                           at::IntArrayRef shape,
                                                           const at::TensorOptions& options) {
  auto holder = owner.register_module(name, std::make_shared<torch::nn::Module>(name));
  const auto parameter = [&](const char* part, at::IntArrayRef sizes) {
    return holder->register_parameter(part, at::empty(sizes, options), /*requires_grad=*/false);
  };
  return {parameter("weight", shape), parameter("bias", {shape[0]})};
}

}  // namespace

Ltx2ConvImpl::Ltx2ConvImpl(int64_t in, int64_t out, const Ltx2Build& build,
                           std::array<int64_t, 3> stride)
    : stride_(stride), causal_(build.causal), borders_(build.borders) {
  std::tie(weight_, bias_) =
      register_weight_and_bias(*this, "conv", {out, in, kTaps, kTaps, kTaps}, build.options);
}

PaddedVolume Ltx2ConvImpl::input(at::IntArrayRef shape, const at::Tensor& like,
                                 int64_t repeats) const {
  const int64_t after = causal_ ? 0 : kTaps / 2;
  return PaddedVolume(shape, like, kTaps - 1 - after + repeats, after, borders_);
}

at::Tensor Ltx2ConvImpl::forward(PaddedVolume& input) {
  const int64_t zeros = borders_ == BorderFill::kZeros ? kTaps / 2 : 0;
  return convolve_volume(input.filled(), weight_, bias_, stride_, {zeros, zeros});
}

at::Tensor Ltx2ConvImpl::forward(const at::Tensor& x) {
  PaddedVolume padded = input(x.sizes(), x);
  padded.interior().copy_(x);
  return forward(padded);
}

void write_normalized_silu(const at::Tensor& x, PaddedVolume& out) {
  // One pass to read x, one to scale it, one for SiLU, which runs faster over the room as well than
  // around it. at::rms_norm would be one pass for the first two, but its kernel gives each position
  // a block of threads, which 128 channels cannot fill.
  const double channels = double(x.size(1));
  const at::Tensor norm = at::linalg_vector_norm(x, 2, 1, /*keepdim=*/true, at::kFloat);
  const at::Tensor scale = (norm.square() / channels).add_(kChannelNormEps).rsqrt_();
  at::Tensor interior = out.interior();
  at::mul_out(interior, x, scale.to(x.scalar_type()));
  at::silu_(out.all());
}

at::Tensor normalize_activate_convolve(const at::Tensor& x, Ltx2Conv& conv) {
  PaddedVolume padded = conv->input(x.sizes(), x);
  write_normalized_silu(x, padded);
  return conv->forward(padded);
}

Ltx2ResnetImpl::Ltx2ResnetImpl(int64_t in, int64_t out, const Ltx2Build& build)
    : conv1_(register_module("conv1", Ltx2Conv(in, out, build))),
      conv2_(register_module("conv2", Ltx2Conv(out, out, build))),
      norm_eps_(build.shortcut_norm_eps) {
  if (in == out) return;
  std::tie(norm_weight_, norm_bias_) =
      register_weight_and_bias(*this, "norm3", {in}, build.options);
  std::tie(shortcut_weight_, shortcut_bias_) =
      register_weight_and_bias(*this, "conv_shortcut", {out, in, 1, 1, 1}, build.options);
}

at::Tensor Ltx2ResnetImpl::forward(const at::Tensor& x) {
  const at::Tensor middle = normalize_activate_convolve(x, conv1_);
  return normalize_activate_convolve(middle, conv2_).add_(shortcut(x));
}

at::Tensor Ltx2ResnetImpl::shortcut(const at::Tensor& x) const {
  if (!norm_weight_.defined()) return x;
  const at::Tensor normalized =
      at::layer_norm(x.movedim(1, -1), {x.size(1)}, norm_weight_, norm_bias_, norm_eps_);
  return at::linear(normalized, shortcut_weight_.flatten(1), shortcut_bias_).movedim(-1, 1);
}

std::vector<Ltx2Resnet> register_resnets(torch::nn::Module& owner, int64_t channels, int64_t count,
                                         const Ltx2Build& build) {
  std::vector<Ltx2Resnet> resnets;
  auto list = owner.register_module("resnets", torch::nn::ModuleList());
  for (int64_t i = 0; i < count; ++i) {
    resnets.emplace_back(channels, channels, build);
    list->push_back(resnets.back());
  }
  return resnets;
}

}  // namespace sana::model
