#include "model/vae/dc_ae_video_coder.h"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include "model/vae/shuffle.h"

namespace sana::model {
namespace {

using torch::nn::Module;
using torch::nn::ModuleList;

constexpr VideoFold kPixels = {2, 1};
constexpr VideoFold kFrames = {1, 4};

// The fold between stages i and i + 1 (from 0): pixels, but frames before the last stage.
VideoFold fold_after(const DcAeVideoConfig& config, size_t i) {
  return i + 2 == config.widths.size() ? kFrames : kPixels;
}

// Chunks are counted in the frames that a layer sees: a quarter of them in the last stage.
int64_t latent_chunk(const DcAeVideoConfig& config) {
  return config.chunk_frames / kFrames.temporal;
}
int64_t stage_chunk(const DcAeVideoConfig& config, size_t i) {
  return i + 1 == config.widths.size() ? latent_chunk(config) : config.chunk_frames;
}

// "stages.<i>.op_list" of the original, in which stage 0 is empty.
std::vector<ModuleList> add_stages(Module& owner, size_t count) {
  auto stages = owner.register_module("stages", ModuleList());
  stages->push_back(std::make_shared<Module>("empty"));
  std::vector<ModuleList> lists(count);
  for (ModuleList& list : lists) {
    auto stage = std::make_shared<Module>("stage");
    stage->register_module("op_list", list);
    stages->push_back(stage);
  }
  return lists;
}

template <class Layer>
void add_layer(ModuleList& list, std::vector<VideoLayer>& layers, Layer layer) {
  list->push_back(layer);
  layers.push_back([layer](const at::Tensor& x, FeatureCache* cache) mutable {
    return layer->forward(x, cache);
  });
}

}  // namespace

DcAeVideoEncoderImpl::DcAeVideoEncoderImpl(const DcAeVideoConfig& config) {
  const auto& widths = config.widths;
  auto in = register_module("project_in", std::make_shared<Module>("project_in"));
  project_in_ = in->register_module(
      "conv", ChunkedConv3d(ChunkedConvSize{config.in_channels, widths[0] / kPixels.size(),
                                            config.chunk_frames}));
  std::vector<ModuleList> lists = add_stages(*this, widths.size());
  for (size_t i = 0; i < widths.size(); ++i) {
    const int64_t chunk = stage_chunk(config, i);
    for (int64_t k = 0; k < config.depths[i]; ++k) {
      add_layer(lists[i], layers_, VideoResBlock(widths[i], chunk));
    }
    if (i + 1 < widths.size()) {
      add_layer(lists[i], layers_,
                VideoDown(widths[i], widths[i + 1], fold_after(config, i), chunk));
    }
  }
  project_out_ = register_module(
      "project_out",
      ChunkedConv3d(ChunkedConvSize{widths.back(), config.latent_channels, latent_chunk(config)}));
}

at::Tensor DcAeVideoEncoderImpl::forward(const at::Tensor& video, FeatureCache* cache) {
  at::Tensor x = volume_unshuffle(project_in_(video, cache), kPixels.spatial, kPixels.temporal);
  for (VideoLayer& layer : layers_) x = layer(x, cache);
  return project_out_(x, cache);
}

DcAeVideoDecoderImpl::DcAeVideoDecoderImpl(const DcAeVideoConfig& config) {
  const auto& widths = config.widths;
  project_in_ = register_module(
      "project_in",
      ChunkedConv3d(ChunkedConvSize{config.latent_channels, widths.back(), latent_chunk(config)}));
  std::vector<ModuleList> lists = add_stages(*this, widths.size());
  for (size_t i = widths.size(); i-- > 0;) {
    if (i + 1 < widths.size()) {
      add_layer(
          lists[i], layers_,
          VideoUp(widths[i + 1], widths[i], fold_after(config, i), stage_chunk(config, i + 1)));
    }
    for (int64_t k = 0; k < config.depths[i]; ++k) {
      add_layer(lists[i], layers_, VideoResBlock(widths[i], stage_chunk(config, i)));
    }
  }
  auto out = register_module("project_out", std::make_shared<Module>("project_out"));
  auto list = out->register_module("op_list", ModuleList());
  norm_out_ = ChannelNorm(widths[0]);
  list->push_back(norm_out_);
  list->push_back(std::make_shared<Module>("silu"));
  auto shuffled = std::make_shared<Module>("shuffled");
  project_out_ = shuffled->register_module(
      "conv", ChunkedConv3d(ChunkedConvSize{widths[0], config.in_channels * kPixels.size(),
                                            config.chunk_frames}));
  list->push_back(shuffled);
}

at::Tensor DcAeVideoDecoderImpl::forward(const at::Tensor& latents, FeatureCache* cache) {
  at::Tensor x = project_in_(latents, cache);
  for (VideoLayer& layer : layers_) x = layer(x, cache);
  return volume_shuffle(project_out_(at::silu(norm_out_(x)), cache), kPixels.spatial,
                        kPixels.temporal);
}

}  // namespace sana::model
