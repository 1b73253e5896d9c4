#include "checkpoints/public/bert_public.h"

#include "core/error.h"
#include "core/json_file.h"
#include "core/json_object.h"

namespace sana::checkpoints {

model::BertConfig read_bert_config(const std::filesystem::path& path) {
  const nlohmann::json json = read_json_file(path);
  const JsonObject keys(json, fmt::format("'{}'", path.string()));
  keys.require_only("hidden_act", "gelu");
  keys.require_only("position_embedding_type", "absolute");
  const auto size = [&](const char* key) { return keys.integer(key, {1, INT32_MAX}); };
  model::BertConfig config;
  config.vocab_size = size("vocab_size");
  config.hidden_size = size("hidden_size");
  config.num_hidden_layers = size("num_hidden_layers");
  config.num_attention_heads = size("num_attention_heads");
  config.intermediate_size = size("intermediate_size");
  config.max_position_embeddings = size("max_position_embeddings");
  config.type_vocab_size = size("type_vocab_size");
  config.layer_norm_eps = keys.positive("layer_norm_eps");
  require(config.hidden_size % config.num_attention_heads == 0,
          "{}: hidden_size {} is no multiple of num_attention_heads {}", keys.where(),
          config.hidden_size, config.num_attention_heads);
  return config;
}

}  // namespace sana::checkpoints
