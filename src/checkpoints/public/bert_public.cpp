#include "checkpoints/public/bert_public.h"

#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

#include "core/error.h"
#include "core/json_file.h"

namespace sana::checkpoints {
namespace {

template <class T>
void read_key(const nlohmann::json& json, const std::string& key, T& value,
              const std::filesystem::path& path) {
  const auto found = json.find(key);
  const bool ok = found != json.end() &&
                  (std::is_integral_v<T> ? found->is_number_integer() : found->is_number());
  require(ok, "'{}' lacks the number '{}'", path.string(), key);
  value = found->get<T>();
  require(value > 0, "'{}': '{}' must be positive", path.string(), key);
}

void require_word(const nlohmann::json& json, const std::string& key, const std::string& expected,
                  const std::filesystem::path& path) {
  const std::string value = json.value(key, nlohmann::json(expected)).dump();
  require(value == nlohmann::json(expected).dump(),
          "'{}': '{}' is {}, this program computes \"{}\" only", path.string(), key, value,
          expected);
}

}  // namespace

model::BertConfig read_bert_config(const std::filesystem::path& path) {
  const nlohmann::json json = read_json_file(path);
  require(json.is_object(), "'{}' does not hold a JSON object", path.string());
  require_word(json, "hidden_act", "gelu", path);
  require_word(json, "position_embedding_type", "absolute", path);
  model::BertConfig config;
  read_key(json, "vocab_size", config.vocab_size, path);
  read_key(json, "hidden_size", config.hidden_size, path);
  read_key(json, "num_hidden_layers", config.num_hidden_layers, path);
  read_key(json, "num_attention_heads", config.num_attention_heads, path);
  read_key(json, "intermediate_size", config.intermediate_size, path);
  read_key(json, "max_position_embeddings", config.max_position_embeddings, path);
  read_key(json, "type_vocab_size", config.type_vocab_size, path);
  read_key(json, "layer_norm_eps", config.layer_norm_eps, path);
  require(config.hidden_size % config.num_attention_heads == 0,
          "'{}': hidden_size {} is no multiple of num_attention_heads {}", path.string(),
          config.hidden_size, config.num_attention_heads);
  return config;
}

}  // namespace sana::checkpoints
