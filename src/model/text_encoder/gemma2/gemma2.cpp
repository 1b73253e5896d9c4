#include "model/text_encoder/gemma2/gemma2.h"

#include <ATen/ATen.h>

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/shape.h"

namespace sana::model {
namespace {

Gemma2RmsNorm register_norm(torch::nn::Module& owner, const std::string& name,
                            const Gemma2Config& config) {
  return owner.register_module(name, Gemma2RmsNorm(config.hidden_size, config.rms_norm_eps));
}

}  // namespace

Gemma2LayerImpl::Gemma2LayerImpl(const Gemma2Config& config)
    : input_layernorm_(register_norm(*this, "input_layernorm", config)),
      self_attn_(register_module("self_attn", Gemma2Attention(config))),
      post_attention_layernorm_(register_norm(*this, "post_attention_layernorm", config)),
      pre_feedforward_layernorm_(register_norm(*this, "pre_feedforward_layernorm", config)),
      mlp_(register_module("mlp", Gemma2Mlp(config))),
      post_feedforward_layernorm_(register_norm(*this, "post_feedforward_layernorm", config)) {}

void Gemma2LayerImpl::forward(at::Tensor& x, const Gemma2Phases& phases,
                              const at::Tensor& hidden_keys) const {
  const at::Tensor attended =
      self_attn_->forward(input_layernorm_->forward(x), phases, hidden_keys);
  x.add_(post_attention_layernorm_->forward(attended));
  x.add_(
      post_feedforward_layernorm_->forward(mlp_->forward(pre_feedforward_layernorm_->forward(x))));
}

Gemma2Impl::Gemma2Impl(const Gemma2Config& config) : config_(config) {
  SANA_ASSERT(static_cast<int64_t>(config.is_sliding.size()) == config.num_hidden_layers);
  embed_tokens_ = register_module(
      "embed_tokens", Gemma2Weight(at::IntArrayRef{config.vocab_size, config.hidden_size}));
  auto list = register_module("layers", torch::nn::ModuleList());
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    layers_.emplace_back(config);
    list->push_back(layers_.back());
  }
  norm_ = register_norm(*this, "norm", config);
}

// sqrt(E) is rounded to the model's dtype before it scales: part of the model's definition.
at::Tensor Gemma2Impl::embed(const at::Tensor& ids) const {
  const at::Tensor x = at::embedding(embed_tokens_->weight, ids);
  const at::Tensor root = at::full({}, std::sqrt(double(config_.hidden_size)), at::kFloat);
  return x * root.to(x.scalar_type()).item<double>();
}

at::Tensor Gemma2Impl::forward(const at::Tensor& ids, const at::Tensor& mask) const {
  check_shape("gemma2: ids", ids, {{"B"}, {"L"}});
  check_shape("gemma2: mask", mask, {{"B", ids.size(0)}, {"L", ids.size(1)}});
  const int64_t length = ids.size(1);
  require(length <= config_.max_position_embeddings, "gemma2: {} tokens, at most {} are possible",
          length, config_.max_position_embeddings);
  const at::NoGradGuard no_grad;
  at::Tensor x = embed(ids);
  const Gemma2Phases phases =
      gemma2_phases(length, config_.head_dim, config_.rope_theta, x.options());
  const at::Tensor hidden_keys = gemma2_hidden_keys(mask, std::nullopt);
  const at::Tensor hidden_keys_sliding = gemma2_hidden_keys(mask, config_.sliding_window);
  for (size_t i = 0; i < layers_.size(); ++i) {
    layers_[i]->forward(x, phases, config_.is_sliding[i] ? hidden_keys_sliding : hidden_keys);
  }
  return norm_->forward(x);
}

TensorMap gemma2_weights(const TensorMap& checkpoint) {
  static const std::string prefix = "model.";
  TensorMap weights;
  for (const auto& [name, tensor] : checkpoint) {
    if (name == "lm_head.weight") continue;  // tied to the embeddings
    const std::string own = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    require(weights.emplace(own, tensor).second, "the weights hold '{}' with and without 'model.'",
            own);
  }
  return weights;
}

}  // namespace sana::model
