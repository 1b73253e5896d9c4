// Sinusoidal timestep features and the modulation made of them (AdaLN-single).
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "model/linear.h"

namespace sana::model {

// 256 features, cosines first: cos/sin(t * 10000^(-i/128)), i = 0..127.  [M] -> [M, 256] float32
at::Tensor sinusoidal_timestep(const at::Tensor& timestep);

struct TimestepModulation {
  at::Tensor embedding;   // e: [B, F, D], F = 1 or the number of latent frames
  at::Tensor modulation;  // t6: [B, F, 6, D] = Linear(SiLU(e))
};

// Linear(SiLU(Linear(sinusoidal features))).   [B, F] -> [B, F, D]
class SinusoidalMlpImpl : public torch::nn::Module {
 public:
  explicit SinusoidalMlpImpl(int64_t dim);
  at::Tensor forward(const at::Tensor& value);

 private:
  Linear linear_1_{nullptr}, linear_2_{nullptr};
};
TORCH_MODULE(SinusoidalMlp);

class TimestepEmbeddingImpl : public torch::nn::Module {
 public:
  explicit TimestepEmbeddingImpl(int64_t dim);
  // timestep [B] (one per sample, F = 1) or [B, F] (one per latent frame), 0..1000
  TimestepModulation forward(const at::Tensor& timestep);

 private:
  SinusoidalMlp mlp_{nullptr};  // "emb.timestep_embedder"
  Linear linear_{nullptr};
};
TORCH_MODULE(TimestepEmbedding);

// Of a distilled image model, to which the guidance scale is an input: e is the sum of two
// embeddings.
class GuidedTimestepEmbeddingImpl : public torch::nn::Module {
 public:
  explicit GuidedTimestepEmbeddingImpl(int64_t dim);
  // timestep, guidance [B]; F = 1
  TimestepModulation forward(const at::Tensor& timestep, const at::Tensor& guidance);

 private:
  SinusoidalMlp timestep_embedder_{nullptr}, guidance_embedder_{nullptr};
  Linear linear_{nullptr};
};
TORCH_MODULE(GuidedTimestepEmbedding);

}  // namespace sana::model
