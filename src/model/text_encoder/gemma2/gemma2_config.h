// Shape of a Gemma-2 decoder.
#pragma once
#include <cstdint>
#include <vector>

namespace sana::model {

// Defaults are those of the public class, and of gemma-2-2b.
struct Gemma2Config {
  int64_t vocab_size = 256000;
  int64_t hidden_size = 2304;  // E
  int64_t intermediate_size = 9216;
  int64_t num_hidden_layers = 26;
  int64_t num_attention_heads = 8;  // A
  int64_t num_key_value_heads = 4;  // K; each serves A / K consecutive query heads
  int64_t head_dim = 256;           // D
  int64_t max_position_embeddings = 8192;
  int64_t sliding_window = 4096;         // tokens that a sliding layer sees, itself included
  std::vector<bool> is_sliding;          // per layer; by default layers 0, 2, 4, ...
  double query_pre_attn_scalar = 256.0;  // scores are divided by its root
  double attn_logit_softcapping = 50.0;  // 0: scores are not capped
  double rms_norm_eps = 1e-6;
  double rope_theta = 10000.0;
};

}  // namespace sana::model
