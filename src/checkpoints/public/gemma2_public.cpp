#include "checkpoints/public/gemma2_public.h"

#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "core/json_object.h"

namespace sana::checkpoints {
namespace {

using model::Gemma2Config;

// The largest values bound the work that a damaged file can ask for.
struct Size {
  const char* key;
  int64_t Gemma2Config::*size;
  int64_t largest = int64_t{1} << 24;
};
constexpr Size kSizes[] = {
    {"vocab_size", &Gemma2Config::vocab_size},
    {"hidden_size", &Gemma2Config::hidden_size, 65536},
    {"intermediate_size", &Gemma2Config::intermediate_size, 262144},
    {"num_hidden_layers", &Gemma2Config::num_hidden_layers, 1000},
    {"num_attention_heads", &Gemma2Config::num_attention_heads, 4096},
    {"num_key_value_heads", &Gemma2Config::num_key_value_heads, 4096},
    {"head_dim", &Gemma2Config::head_dim, 65536},
    {"max_position_embeddings", &Gemma2Config::max_position_embeddings},
    {"sliding_window", &Gemma2Config::sliding_window},
};

void read_sizes(const JsonObject& keys, Gemma2Config& config) {
  for (const auto& [key, size, largest] : kSizes) {
    config.*size = keys.optional_integer(key, {1, largest}).value_or(config.*size);
  }
}

void read_number(const JsonObject& keys, const char* key, double& value) {
  value = keys.optional_positive(key).value_or(value);
}

// rope_theta stands at the top or, in newer files, in rope_parameters.
void read_rope(const JsonObject& keys, Gemma2Config& config) {
  read_number(keys, "rope_theta", config.rope_theta);
  keys.require_only("rope_scaling", nullptr);
  const auto rope = keys.object("rope_parameters");
  if (!rope) return;
  rope->require_only("rope_type", "default");
  read_number(*rope, "rope_theta", config.rope_theta);
}

std::vector<bool> read_layer_types(const JsonObject& keys, int64_t num_layers) {
  const char* key = "layer_types";
  const auto types = keys.optional<std::vector<std::string>>(key);
  std::vector<bool> is_sliding;
  for (int64_t i = 0; !types && i < num_layers; ++i) is_sliding.push_back(i % 2 == 0);
  for (const std::string& type : types.value_or(std::vector<std::string>())) {
    is_sliding.push_back(type == "sliding_attention");
    if (is_sliding.back() || type == "full_attention") continue;
    keys.refuse(key, "\"sliding_attention\" or \"full_attention\" for each layer");
  }
  if (static_cast<int64_t>(is_sliding.size()) != num_layers) {
    keys.refuse(key, fmt::format("an entry for each of {} layers", num_layers));
  }
  return is_sliding;
}

// A null stands for "not capped" there, an absent key for the class's default.
void read_softcapping(const JsonObject& keys, Gemma2Config& config) {
  const char* key = "attn_logit_softcapping";
  if (keys.is_null(key)) config.attn_logit_softcapping = 0.0;
  read_number(keys, key, config.attn_logit_softcapping);
}

void check_heads(const Gemma2Config& config, const std::string& where) {
  require(config.num_attention_heads % config.num_key_value_heads == 0,
          "{}: num_attention_heads {} is no multiple of num_key_value_heads {}", where,
          config.num_attention_heads, config.num_key_value_heads);
  require(config.head_dim % 2 == 0, "{}: head_dim {} is odd, rotary phases need pairs", where,
          config.head_dim);
}

}  // namespace

Gemma2Config gemma2_config_from_json(const nlohmann::json& json, const std::string& where) {
  const JsonObject keys(json, where);
  keys.require_only("hidden_activation", "gelu_pytorch_tanh");
  keys.require_only("attention_bias", false);
  keys.require_only("use_bidirectional_attention", false);
  Gemma2Config config;
  read_sizes(keys, config);
  read_number(keys, "query_pre_attn_scalar", config.query_pre_attn_scalar);
  read_number(keys, "rms_norm_eps", config.rms_norm_eps);
  read_softcapping(keys, config);
  read_rope(keys, config);
  config.is_sliding = read_layer_types(keys, config.num_hidden_layers);
  check_heads(config, where);
  return config;
}

Gemma2Config read_gemma2_config(const std::filesystem::path& path) {
  return gemma2_config_from_json(read_json_file(path, kMaxConfigBytes),
                                 fmt::format("'{}'", path.string()));
}

}  // namespace sana::checkpoints
