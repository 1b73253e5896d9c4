// The 3-D convolution of the video VAEs, and the memory layout that it likes.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/MemoryFormat.h>
#include <torch/nn/module.h>

#include <array>

namespace sana::model {

// Layout of volumes [B, C, T, H, W] and of the weights that meet them. cuDNN's tensor-core kernels
// read channels-last as it is and would transpose anything else; normalising over channels is
// contiguous in it. This is the one place to change it.
inline constexpr c10::MemoryFormat kVolumeFormat = c10::MemoryFormat::ChannelsLast3d;

// Uninitialised volume in that layout, with the dtype and device of `like`.
at::Tensor empty_volume(at::IntArrayRef shape, const at::Tensor& like);

// Puts every 5-D weight of `module` into that layout, so that no call has to.
void use_volume_format(torch::nn::Module& module);

// Convolution of [B, C, T, H, W] with weight [out, C, t, h, w]. `padding` are zeros on both sides
// of rows and columns; x already carries the frames around it.
at::Tensor convolve_volume(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           const std::array<int64_t, 3>& stride,
                           const std::array<int64_t, 2>& padding);

// [B, C, T, H, W] <-> [B*T, C, H, W] without moving data (channels-last memory).
at::Tensor fold_frames(const at::Tensor& volume);
at::Tensor unfold_frames(const at::Tensor& frames, int64_t batch);

}  // namespace sana::model
