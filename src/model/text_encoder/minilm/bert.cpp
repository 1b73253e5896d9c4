#include "model/text_encoder/minilm/bert.h"

#include <ATen/ATen.h>

#include <string>

#include "core/error.h"
#include "core/shape.h"
#include "model/parameter.h"

namespace sana::model {
namespace {

// A module that only gives its children a common prefix.
std::shared_ptr<torch::nn::Module> register_prefix(torch::nn::Module& owner,
                                                   const std::string& name) {
  return owner.register_module(name, std::make_shared<torch::nn::Module>(name));
}

BertParameters register_linear(torch::nn::Module& owner, const std::string& name, int64_t in,
                               int64_t out) {
  return owner.register_module(name, BertParameters(at::IntArrayRef{out, in}, true));
}

BertParameters register_norm(torch::nn::Module& owner, int64_t size) {
  return owner.register_module("LayerNorm", BertParameters(at::IntArrayRef{size}, true));
}

BertParameters register_table(torch::nn::Module& owner, const std::string& name, int64_t rows,
                              int64_t columns) {
  return owner.register_module(name, BertParameters(at::IntArrayRef{rows, columns}, false));
}

at::Tensor linear(const BertParameters& layer, const at::Tensor& x) {
  return at::linear(x, layer->weight, layer->bias);
}

at::Tensor normalized(const BertParameters& norm, const at::Tensor& x, double eps) {
  return at::layer_norm(x, norm->weight.sizes(), norm->weight, norm->bias, eps);
}

}  // namespace

BertParametersImpl::BertParametersImpl(at::IntArrayRef weight_shape, bool with_bias)
    : weight(register_parameter("weight", new_parameter(weight_shape, zeros()), false)) {
  if (with_bias)
    bias = register_parameter("bias", new_parameter({weight_shape[0]}, zeros()), false);
}

BertOutputImpl::BertOutputImpl(int64_t in, const BertConfig& config)
    : eps_(config.layer_norm_eps),
      dense_(register_linear(*this, "dense", in, config.hidden_size)),
      norm_(register_norm(*this, config.hidden_size)) {}

at::Tensor BertOutputImpl::forward(const at::Tensor& x, const at::Tensor& residual) {
  return normalized(norm_, linear(dense_, x) + residual, eps_);
}

BertLayerImpl::BertLayerImpl(const BertConfig& config) : num_heads_(config.num_attention_heads) {
  const int64_t width = config.hidden_size;
  const auto attention = register_prefix(*this, "attention");
  const auto self = register_prefix(*attention, "self");
  query_ = register_linear(*self, "query", width, width);
  key_ = register_linear(*self, "key", width, width);
  value_ = register_linear(*self, "value", width, width);
  attention_output_ = attention->register_module("output", BertOutput(width, config));
  const auto intermediate = register_prefix(*this, "intermediate");
  intermediate_ = register_linear(*intermediate, "dense", width, config.intermediate_size);
  output_ = register_module("output", BertOutput(config.intermediate_size, config));
}

at::Tensor BertLayerImpl::forward(const at::Tensor& x, const at::Tensor& mask) {
  const auto heads = [&](const at::Tensor& t) {
    return t.unflatten(-1, {num_heads_, -1}).transpose(1, 2);  // [B, A, L, E/A]
  };
  const at::Tensor attended = at::scaled_dot_product_attention(
      heads(linear(query_, x)), heads(linear(key_, x)), heads(linear(value_, x)), mask);
  const at::Tensor mixed = attention_output_(attended.transpose(1, 2).flatten(-2), x);
  return output_(at::gelu(linear(intermediate_, mixed)), mixed);
}

BertEncoderImpl::BertEncoderImpl(const BertConfig& config) : config_(config) {
  const int64_t width = config.hidden_size;
  const auto embeddings = register_prefix(*this, "embeddings");
  words_ = register_table(*embeddings, "word_embeddings", config.vocab_size, width);
  positions_ =
      register_table(*embeddings, "position_embeddings", config.max_position_embeddings, width);
  types_ = register_table(*embeddings, "token_type_embeddings", config.type_vocab_size, width);
  norm_ = register_norm(*embeddings, width);
  const auto encoder = register_prefix(*this, "encoder");
  layers_ = encoder->register_module("layer", torch::nn::ModuleList());
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) layers_->push_back(BertLayer(config));
}

at::Tensor BertEncoderImpl::forward(const at::Tensor& ids, const at::Tensor& mask) {
  check_shape("bert: ids", ids, {{"B"}, {"L"}});
  check_shape("bert: mask", mask, {{"B", ids.size(0)}, {"L", ids.size(1)}});
  require(ids.size(1) <= config_.max_position_embeddings,
          "bert: {} tokens, at most {} are possible", ids.size(1), config_.max_position_embeddings);
  at::Tensor x = at::embedding(words_->weight, ids);
  x = x + types_->weight[0] + positions_->weight.narrow(0, 0, ids.size(1));
  x = normalized(norm_, x, config_.layer_norm_eps);
  const at::Tensor attended = mask.to(at::kBool).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, L]
  for (const auto& layer : *layers_) x = layer->as<BertLayer>()->forward(x, attended);
  return x;
}

}  // namespace sana::model
