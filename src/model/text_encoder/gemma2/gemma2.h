// Gemma-2's decoder (arXiv 2408.00118) without its language-model head, inference only. Parameter
// names are those of the public Gemma2Model.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "core/safetensors.h"
#include "model/text_encoder/gemma2/gemma2_attention.h"
#include "model/text_encoder/gemma2/gemma2_config.h"
#include "model/text_encoder/gemma2/gemma2_layers.h"

namespace sana::model {

// x += post_norm(Attention(norm(x))); x += post_norm(MLP(norm(x))).
class Gemma2LayerImpl : public torch::nn::Module {
 public:
  explicit Gemma2LayerImpl(const Gemma2Config& config);
  // Adds to x [B, L, E] in place.
  void forward(at::Tensor& x, const Gemma2Phases& phases, const at::Tensor& hidden_keys) const;

 private:
  Gemma2RmsNorm input_layernorm_;
  Gemma2Attention self_attn_;
  Gemma2RmsNorm post_attention_layernorm_;
  Gemma2RmsNorm pre_feedforward_layernorm_;
  Gemma2Mlp mlp_;
  Gemma2RmsNorm post_feedforward_layernorm_;
};
TORCH_MODULE(Gemma2Layer);

class Gemma2Impl : public torch::nn::Module {
 public:
  // Takes a few bytes per weight until adopt_state_dict() sets the weights.
  explicit Gemma2Impl(const Gemma2Config& config);
  // ids [B, L] and mask [B, L] (1 = real token), int64 on the device of the weights, every id below
  // vocab_size, L <= max_position_embeddings -> last hidden state [B, L, E] in the dtype of the
  // weights; rows of padding are finite, but mean nothing. Throws UserError on other shapes.
  at::Tensor forward(const at::Tensor& ids, const at::Tensor& mask) const;
  const Gemma2Config& config() const { return config_; }

 private:
  at::Tensor embed(const at::Tensor& ids) const;

  Gemma2Config config_;
  Gemma2Weight embed_tokens_{nullptr};
  std::vector<Gemma2Layer> layers_;
  Gemma2RmsNorm norm_{nullptr};
};
TORCH_MODULE(Gemma2);

// Names as Gemma2 has them: takes off the "model." of a checkpoint with a language-model head and
// drops that head. A checkpoint without the prefix stays as it is. Throws UserError when a weight
// is there in both forms.
TensorMap gemma2_weights(const TensorMap& checkpoint);

}  // namespace sana::model
