// Layers of the deep-compression autoencoder for video. Volumes are [B, C, T, H, W] in
// channels-last memory. Time is cut into chunks of L frames: within a chunk every frame sees its
// neighbours on both sides, and the first sees the last of the chunk before, so that chunks can be
// processed one after the other. Weights have no memory until adopt_state_dict() sets them.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "model/vae/dc_ae_layers.h"
#include "model/vae/feature_cache.h"

namespace sana::model {

struct ChunkedConvSize {
  int64_t in = 0, out = 0;
  int64_t chunk = 1;  // L, at this layer's frame rate
  bool bias = true;
  bool norm = false;  // channel RMSNorm of the result
};

// 3 x 3 x 3 convolution that keeps the size: zeros around rows and columns, and in time
//   - T a multiple of L: before a chunk the last frame of the one before it (of the cache, if x
//     continues a clip; zeros at the start of a clip), a zero frame behind it;
//   - any other T: zero frames at both ends, the cache is left as it is (as the public model does).
class ChunkedConv3dImpl : public torch::nn::Module {
 public:
  explicit ChunkedConv3dImpl(const ChunkedConvSize& size);
  // [B, in, T, H, W] -> [B, out, T, H, W]
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  // The convolution of each chunk by itself.
  at::Tensor convolve_chunks(const at::Tensor& x, int64_t chunks);
  // Adds what the last frame of a chunk does to the first of the next one.
  void add_earlier_frames(at::Tensor& y, const at::Tensor& x, const at::Tensor& before);

  int64_t chunk_;
  at::Tensor weight_;  // [out, in, 3, 3, 3]
  at::Tensor bias_;    // [out] or undefined
  ChannelNorm norm_{nullptr};
};
TORCH_MODULE(ChunkedConv3d);

// x + norm(conv2(SiLU(conv1(x)))).
class VideoResBlockImpl : public torch::nn::Module {
 public:
  VideoResBlockImpl(int64_t channels, int64_t chunk);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  ChunkedConv3d conv1_{nullptr}, conv2_{nullptr};
};
TORCH_MODULE(VideoResBlock);

// What a change of resolution folds: 2 x 2 pixels, or 4 frames.
struct VideoFold {
  int64_t spatial = 2, temporal = 1;
  int64_t size() const { return spatial * spatial * temporal; }
};

// unshuffle(conv(x)) + channel means of unshuffle(x); chunk is that of the finer side.
class VideoDownImpl : public torch::nn::Module {
 public:
  VideoDownImpl(int64_t in, int64_t out, VideoFold fold, int64_t chunk);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  int64_t out_;
  VideoFold fold_;
  ChunkedConv3d conv_{nullptr};
};
TORCH_MODULE(VideoDown);

// shuffle(conv(x)) + shuffle(x with repeated channels); chunk is that of the coarser side.
class VideoUpImpl : public torch::nn::Module {
 public:
  VideoUpImpl(int64_t in, int64_t out, VideoFold fold, int64_t chunk);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  int64_t out_;
  VideoFold fold_;
  ChunkedConv3d conv_{nullptr};
};
TORCH_MODULE(VideoUp);

}  // namespace sana::model
