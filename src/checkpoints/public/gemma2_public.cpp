#include "checkpoints/public/gemma2_public.h"

#include "core/error.h"
#include "core/json_file.h"
#include "core/json_text.h"

namespace sana::checkpoints {
namespace {

// Bounds the work that a damaged file can ask for.
constexpr int64_t kMaxSize = int64_t{1} << 24;
constexpr int64_t kMaxLayers = 1024;

class KeyReader {
 public:
  KeyReader(const nlohmann::json& json, std::string where) : json_(json), where_(std::move(where)) {
    require(json.is_object(), "{} is not a JSON object", where_);
  }

  // Null where the key is absent or null.
  const nlohmann::json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  void read(const char* key, int64_t& value, int64_t largest = kMaxSize) const {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    const bool ok = found->is_number_integer() && *found >= 1 && *found <= largest;
    require(ok, "{}: '{}' is {}, must be a whole number from 1 to {}", where_, key,
            json_text(*found), largest);
    value = found->get<int64_t>();
  }

  void read(const char* key, double& value) const {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    const bool ok = found->is_number() && found->get<double>() > 0.0;
    require(ok, "{}: '{}' is {}, must be a number above 0", where_, key, json_text(*found));
    value = found->get<double>();
  }

  void require_value(const char* key, const nlohmann::json& computed) const {
    const nlohmann::json* found = find(key);
    require(found == nullptr || *found == computed, "{}: '{}' is {}, only {} is computed here",
            where_, key, found == nullptr ? "" : json_text(*found), computed.dump());
  }

  const std::string& where() const { return where_; }

 private:
  const nlohmann::json& json_;
  std::string where_;
};

// rope_theta stands at the top or, in newer files, in rope_parameters.
void read_rope(const KeyReader& keys, model::Gemma2Config& config) {
  keys.read("rope_theta", config.rope_theta);
  require(keys.find("rope_scaling") == nullptr,
          "{}: 'rope_scaling' is set, scaled rotary phases are not computed here", keys.where());
  const nlohmann::json* parameters = keys.find("rope_parameters");
  if (parameters == nullptr) return;
  const KeyReader rope(*parameters, fmt::format("{}: 'rope_parameters'", keys.where()));
  rope.require_value("rope_type", "default");
  rope.read("rope_theta", config.rope_theta);
}

std::vector<bool> read_layer_types(const KeyReader& keys, int64_t num_layers) {
  std::vector<bool> is_sliding;
  const nlohmann::json* types = keys.find("layer_types");
  if (types == nullptr) {
    for (int64_t i = 0; i < num_layers; ++i) is_sliding.push_back(i % 2 == 0);
    return is_sliding;
  }
  require(types->is_array() && static_cast<int64_t>(types->size()) == num_layers,
          "{}: 'layer_types' must list {} layers", keys.where(), num_layers);
  for (const nlohmann::json& type : *types) {
    require(type == "sliding_attention" || type == "full_attention",
            "{}: 'layer_types' has {}, known are \"sliding_attention\" and \"full_attention\"",
            keys.where(), json_text(type));
    is_sliding.push_back(type == "sliding_attention");
  }
  return is_sliding;
}

// A null stands for "not capped" there, an absent key for the class's default.
void read_softcapping(const KeyReader& keys, const nlohmann::json& json,
                      model::Gemma2Config& config) {
  const char* key = "attn_logit_softcapping";
  if (json.contains(key) && json.at(key).is_null()) config.attn_logit_softcapping = 0.0;
  keys.read(key, config.attn_logit_softcapping);
}

void check_heads(const model::Gemma2Config& config, const std::string& where) {
  require(config.num_attention_heads % config.num_key_value_heads == 0,
          "{}: num_attention_heads {} is no multiple of num_key_value_heads {}", where,
          config.num_attention_heads, config.num_key_value_heads);
  require(config.head_dim % 2 == 0, "{}: head_dim {} is odd, rotary phases need pairs", where,
          config.head_dim);
}

}  // namespace

model::Gemma2Config gemma2_config_from_json(const nlohmann::json& json, const std::string& where) {
  const KeyReader keys(json, where);
  model::Gemma2Config config;
  keys.require_value("hidden_activation", "gelu_pytorch_tanh");
  keys.require_value("attention_bias", false);
  keys.require_value("use_bidirectional_attention", false);
  keys.read("vocab_size", config.vocab_size);
  keys.read("hidden_size", config.hidden_size);
  keys.read("intermediate_size", config.intermediate_size);
  keys.read("num_hidden_layers", config.num_hidden_layers, kMaxLayers);
  keys.read("num_attention_heads", config.num_attention_heads, 4096);
  keys.read("num_key_value_heads", config.num_key_value_heads, 4096);
  keys.read("head_dim", config.head_dim, 65536);
  keys.read("max_position_embeddings", config.max_position_embeddings);
  keys.read("sliding_window", config.sliding_window);
  keys.read("query_pre_attn_scalar", config.query_pre_attn_scalar);
  keys.read("rms_norm_eps", config.rms_norm_eps);
  read_softcapping(keys, json, config);
  read_rope(keys, config);
  config.is_sliding = read_layer_types(keys, config.num_hidden_layers);
  check_heads(config, where);
  return config;
}

model::Gemma2Config read_gemma2_config(const std::filesystem::path& path) {
  return gemma2_config_from_json(read_json_file(path), fmt::format("'{}'", path.string()));
}

}  // namespace sana::checkpoints
