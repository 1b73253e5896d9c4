// BERT's encoder (arXiv 1810.04805), inference only. Parameter names are those of the public
// weights; the module starts with zeros and draws no random numbers.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace sana::model {

struct BertConfig {
  int64_t vocab_size = 30522;
  int64_t hidden_size = 384;  // E
  int64_t num_hidden_layers = 6;
  int64_t num_attention_heads = 12;  // A
  int64_t intermediate_size = 1536;
  int64_t max_position_embeddings = 512;
  int64_t type_vocab_size = 2;
  double layer_norm_eps = 1e-12;
};

// Holder of "weight" and, where wanted, "bias": a linear layer, a norm or an embedding table.
class BertParametersImpl : public torch::nn::Module {
 public:
  BertParametersImpl(at::IntArrayRef weight_shape, bool with_bias);

  at::Tensor weight;
  at::Tensor bias;  // [weight_shape[0]], undefined without
};
TORCH_MODULE(BertParameters);

// dense, then LayerNorm of the sum with what went in before.
class BertOutputImpl : public torch::nn::Module {
 public:
  BertOutputImpl(int64_t in, const BertConfig& config);
  // x [B, L, in], residual [B, L, E] -> [B, L, E]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& residual);

 private:
  double eps_;
  BertParameters dense_;
  BertParameters norm_;
};
TORCH_MODULE(BertOutput);

// One layer: softmax attention, then the feed-forward part, each with residual and norm after.
class BertLayerImpl : public torch::nn::Module {
 public:
  explicit BertLayerImpl(const BertConfig& config);
  // x [B, L, E], mask [B, 1, 1, L] bool, true = attended to -> [B, L, E]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& mask);

 private:
  int64_t num_heads_;
  BertParameters query_{nullptr}, key_{nullptr}, value_{nullptr};
  BertOutput attention_output_{nullptr};
  BertParameters intermediate_{nullptr};
  BertOutput output_{nullptr};
};
TORCH_MODULE(BertLayer);

class BertEncoderImpl : public torch::nn::Module {
 public:
  explicit BertEncoderImpl(const BertConfig& config);
  // ids [B, L] and mask [B, L] (1 = real token), int64, L <= max_position_embeddings
  // -> last hidden state [B, L, E]. Throws UserError on other shapes.
  at::Tensor forward(const at::Tensor& ids, const at::Tensor& mask);

 private:
  BertConfig config_;
  BertParameters words_{nullptr}, positions_{nullptr}, types_{nullptr}, norm_{nullptr};
  torch::nn::ModuleList layers_;
};
TORCH_MODULE(BertEncoder);

}  // namespace sana::model
