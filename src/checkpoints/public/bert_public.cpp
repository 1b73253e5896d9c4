#include "checkpoints/public/bert_public.h"

#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "core/json_object.h"

namespace sana::checkpoints {

model::BertConfig read_bert_config(const std::filesystem::path& path) {
  const nlohmann::json json = read_json_file(path, kMaxConfigBytes);
  const JsonObject keys(json, fmt::format("'{}'", path.string()));
  keys.require_only("hidden_act", "gelu");
  keys.require_only("position_embedding_type", "absolute");
  // Many times what any model has; the largest values bound what a damaged file can ask for.
  constexpr int64_t kMaxVocabulary = 1 << 24, kMaxWidth = 1 << 16, kMaxLayers = 1000;
  const auto size = [&](const char* key, int64_t largest) {
    return keys.integer(key, {1, largest});
  };
  model::BertConfig config;
  config.vocab_size = size("vocab_size", kMaxVocabulary);
  config.hidden_size = size("hidden_size", kMaxWidth);
  config.num_hidden_layers = size("num_hidden_layers", kMaxLayers);
  config.num_attention_heads = size("num_attention_heads", kMaxWidth);
  config.intermediate_size = size("intermediate_size", 4 * kMaxWidth);
  config.max_position_embeddings = size("max_position_embeddings", kMaxVocabulary);
  config.type_vocab_size = size("type_vocab_size", kMaxWidth);
  config.layer_norm_eps = keys.positive("layer_norm_eps");
  require(config.hidden_size % config.num_attention_heads == 0,
          "{}: hidden_size {} is no multiple of num_attention_heads {}", keys.where(),
          config.hidden_size, config.num_attention_heads);
  return config;
}

}  // namespace sana::checkpoints
