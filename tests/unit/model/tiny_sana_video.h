// A small video DiT for tests.
#pragma once
#include <ATen/ATen.h>

#include "model/sana_video.h"

namespace sana_test {

inline sana::model::SanaVideoConfig tiny_config() {
  sana::model::SanaVideoConfig config;
  config.latent_channels = 4;
  config.num_layers = 2;
  config.num_heads = 2;
  config.head_dim = 12;
  config.num_cross_heads = 2;
  config.text_dim = 10;
  return config;
}

// A model whose every weight is random, the temporal convolutions too.
inline sana::model::SanaVideo random_model() {
  at::manual_seed(3);
  sana::model::SanaVideo model(tiny_config());
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : model->parameters()) parameter.normal_(0.0, 0.2);
  return model;
}

}  // namespace sana_test
