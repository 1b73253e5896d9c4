#include "model/vae/dc_ae_coder.h"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include "model/vae/dc_ae_attention.h"
#include "model/vae/shuffle.h"

namespace sana::model {
namespace {

using torch::nn::ModuleList;

template <class Module>
DcAeLayer as_layer(Module module) {
  return [module](const at::Tensor& x) mutable { return module->forward(x); };
}

// Appends a layer to the named list of a stage and to those that run.
template <class Module>
void add_layer(ModuleList& list, std::vector<DcAeLayer>& layers, Module module) {
  list->push_back(module);
  layers.push_back(as_layer(module));
}

void add_blocks(ModuleList& list, std::vector<DcAeLayer>& layers, const DcAeStage& stage,
                int64_t head_dim) {
  for (int64_t i = 0; i < stage.layers; ++i) {
    if (stage.block == "EfficientViTBlock") {
      add_layer(list, layers, EfficientVitBlock(stage, head_dim));
    } else {
      add_layer(list, layers, DcAeResBlock(stage.width, stage.norm, stage.activation));
    }
  }
}

}  // namespace

DcAeEncoderImpl::DcAeEncoderImpl(const DcAeConfig& config)
    : latent_channels_(config.latent_channels), out_shortcut_(config.encoder_out_shortcut) {
  const auto& stages = config.encoder;
  const bool strided = config.strided_downsampling;
  if (stages[0].layers > 0) {
    layers_.push_back(as_layer(
        register_module("conv_in", PlainConv2d(Conv2dSize{config.in_channels, stages[0].width}))));
  } else {
    layers_.push_back(as_layer(register_module(
        "conv_in", DcAeDown(config.in_channels, stages[1].width, strided, /*shortcut=*/false))));
  }
  auto blocks = register_module("down_blocks", ModuleList());
  for (size_t i = 0; i < stages.size(); ++i) {
    ModuleList list;
    add_blocks(list, layers_, stages[i], config.head_dim);
    if (i + 1 < stages.size() && stages[i].layers > 0) {
      add_layer(list, layers_, DcAeDown(stages[i].width, stages[i + 1].width, strided, true));
    }
    blocks->push_back(list);
  }
  conv_out_ = register_module("conv_out",
                              PlainConv2d(Conv2dSize{stages.back().width, config.latent_channels}));
}

at::Tensor DcAeEncoderImpl::forward(const at::Tensor& images) {
  at::Tensor x = images;
  for (DcAeLayer& layer : layers_) x = layer(x);
  const at::Tensor y = conv_out_(x);
  return out_shortcut_ ? y + average_channels(x, latent_channels_) : y;
}

DcAeDecoderImpl::DcAeDecoderImpl(const DcAeConfig& config)
    : widest_(config.decoder.back().width),
      in_shortcut_(config.decoder_in_shortcut),
      out_activation_(config.decoder_out_activation) {
  const auto& stages = config.decoder;
  const bool interpolating = config.interpolating_upsampling;
  conv_in_ = register_module("conv_in", PlainConv2d(Conv2dSize{config.latent_channels, widest_}));
  std::vector<ModuleList> lists(stages.size());
  for (size_t i = stages.size(); i-- > 0;) {
    if (i + 1 < stages.size() && stages[i].layers > 0) {
      add_layer(lists[i], layers_,
                DcAeUp(stages[i + 1].width, stages[i].width, interpolating, /*shortcut=*/true));
    }
    add_blocks(lists[i], layers_, stages[i], config.head_dim);
  }
  auto blocks = register_module("up_blocks", ModuleList());
  for (const ModuleList& list : lists) blocks->push_back(list);
  const int64_t finest = stages[stages[0].layers > 0 ? 0 : 1].width;
  norm_out_ = register_module("norm_out", ChannelNorm(finest));
  if (stages[0].layers > 0) {
    conv_out_ =
        as_layer(register_module("conv_out", PlainConv2d(Conv2dSize{finest, config.in_channels})));
  } else {
    conv_out_ = as_layer(register_module(
        "conv_out", DcAeUp(finest, config.in_channels, interpolating, /*shortcut=*/false)));
  }
}

at::Tensor DcAeDecoderImpl::forward(const at::Tensor& latents) {
  at::Tensor x = conv_in_(latents);
  if (in_shortcut_) x = x + repeat_channels(latents, widest_);
  for (DcAeLayer& layer : layers_) x = layer(x);
  return conv_out_(activate(norm_out_(x), out_activation_));
}

}  // namespace sana::model
