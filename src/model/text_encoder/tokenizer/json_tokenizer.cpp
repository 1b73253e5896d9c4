#include "model/text_encoder/tokenizer/json_tokenizer.h"

#include <algorithm>

#include "core/error.h"
#include "core/json_text.h"
#include "model/text_encoder/tokenizer/text_normalizer.h"

namespace sana::model {
namespace {

using nlohmann::json;

constexpr int64_t kMaxTokenId = int64_t{1} << 24;

bool is_set(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && !found->is_null() && *found != false && *found != "";
}

const json& member(const json& object, const char* key, json::value_t type) {
  require(object.is_object(), "an object was expected where '{}' is looked for", key);
  const auto found = object.find(key);
  require(found != object.end() && found->type() == type, "'{}' is missing or of another type",
          key);
  return *found;
}

std::string text_of(const json& object, const char* key) {
  return member(object, key, json::value_t::string).get<std::string>();
}

int64_t token_id(const json& value, const std::string& piece) {
  const bool ok = value.is_number_integer() && value >= 0 && value < kMaxTokenId;
  require(ok, "the id of \"{}\" is {}, must be a whole number from 0 to {}", piece,
          json_text(value), kMaxTokenId - 1);
  return value.get<int64_t>();
}

std::string replaced(std::string_view text, const TextReplacement& step) {
  if (step.pattern.empty()) return text.empty() ? "" : step.content + std::string(text);
  std::string result;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(step.pattern, begin), text.size());
    result += text.substr(begin, end - begin);
    if (end == text.size()) break;
    result += step.content;
    begin = end + step.pattern.size();
  }
  return result;
}

// {"String": " "}
std::string string_pattern(const json& object) {
  const json& pattern = member(object, "pattern", json::value_t::object);
  require(pattern.contains("String"), "only a pattern of type String is computed here");
  std::string text = text_of(pattern, "String");
  require(!text.empty(), "the pattern is empty");
  return text;
}

void read_normalizer_step(const nlohmann::json& json, std::vector<TextReplacement>& steps) {
  const std::string type = text_of(json, "type");
  if (type == "Sequence") {
    for (const auto& step : member(json, "normalizers", nlohmann::json::value_t::array)) {
      require(text_of(step, "type") != "Sequence",
              "a Sequence within a Sequence is not computed here");
      read_normalizer_step(step, steps);
    }
  } else if (type == "Replace") {
    steps.push_back({string_pattern(json), text_of(json, "content")});
  } else if (type == "Prepend") {
    steps.push_back({"", text_of(json, "prepend")});
  } else {
    throw UserError(fmt::format("the type {} is not computed here; Replace and Prepend are", type));
  }
}

std::vector<TextReplacement> read_normalizer(const nlohmann::json& json) {
  std::vector<TextReplacement> steps;
  if (is_set(json, "normalizer")) {
    with_context("normalizer", [&] { read_normalizer_step(json.at("normalizer"), steps); });
  }
  return steps;
}

// Gemma splits at spaces, of which its normaliser leaves none: such a step does nothing. Any other
// would.
void check_pre_tokenizer(const nlohmann::json& json,
                         const std::vector<TextReplacement>& normalizer) {
  if (!is_set(json, "pre_tokenizer")) return;
  const auto& step = json.at("pre_tokenizer");
  const std::string type = text_of(step, "type");
  require(type == "Split", "the type {} is not computed here", type);
  const std::string pattern = string_pattern(step);
  const bool never_found = std::any_of(normalizer.begin(), normalizer.end(), [&](const auto& r) {
    return r.pattern == pattern && r.content.find(pattern) == std::string::npos;
  });
  require(never_found, "splitting at \"{}\" is not computed here", pattern);
}

Bpe::Vocabulary read_vocabulary_of(const json& model) {
  Bpe::Vocabulary vocabulary;
  for (const auto& [piece, id] : member(model, "vocab", json::value_t::object).items()) {
    vocabulary.emplace(piece, token_id(id, piece));
  }
  require(!vocabulary.empty(), "'vocab' is empty");
  return vocabulary;
}

// ["a", "b"], or "a b" in files of older versions.
std::pair<std::string, std::string> read_merge(const json& merge) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  const std::string text = merge.is_string() ? merge.get<std::string>() : "";
  const size_t space = text.find(' ');
  require(space != std::string::npos && text.find(' ', space + 1) == std::string::npos,
          "the merge {} is not a pair of pieces", json_text(merge));
  return {text.substr(0, space), text.substr(space + 1)};
}

Bpe read_bpe(const nlohmann::json& json) {
  const auto& model = member(json, "model", nlohmann::json::value_t::object);
  const std::string type = model.contains("type") ? text_of(model, "type") : "BPE";
  require(type == "BPE", "the type {} is not computed here, only BPE is", type);
  for (const char* key :
       {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"}) {
    require(!is_set(model, key), "'{}' is not computed here", key);
  }
  Bpe::Vocabulary vocabulary = read_vocabulary_of(model);
  Bpe::Options options{is_set(model, "byte_fallback"), is_set(model, "fuse_unk"), std::nullopt};
  if (is_set(model, "unk_token")) {
    const auto found = vocabulary.find(text_of(model, "unk_token"));
    require(found != vocabulary.end(), "'unk_token' is no piece of the vocabulary");
    options.unknown_id = found->second;
  }
  Bpe bpe(std::move(vocabulary), options);
  for (const auto& merge : member(model, "merges", json::value_t::array)) {
    const auto [left, right] = read_merge(merge);
    bpe.add_merge(left, right);
  }
  return bpe;
}

}  // namespace

JsonTokenizer::JsonTokenizer(const nlohmann::json& json, const std::string& where)
    : normalizer_(with_context(where,
                               [&] {
                                 require(json.is_object(), "this is not a JSON object");
                                 return read_normalizer(json);
                               })),
      bpe_(with_context(where + ": model", [&] { return read_bpe(json); })) {
  with_context(where + ": pre_tokenizer", [&] { check_pre_tokenizer(json, normalizer_); });
  with_context(where, [&] {
    read_added_tokens(json);
    for (const auto& [piece, id] : bpe_.vocabulary()) {
      vocabulary_size_ = std::max(vocabulary_size_, id + 1);
    }
    const auto first = find_id("<bos>").has_value() ? find_id("<bos>") : find_id("<s>");
    require(first.has_value(), "there is neither <bos> nor <s> to begin a text with");
    first_id_ = *first;
    padding_id_ = find_id("<pad>").value_or(0);
  });
}

void JsonTokenizer::read_added_tokens(const nlohmann::json& json) {
  if (!is_set(json, "added_tokens")) return;
  for (const auto& token : member(json, "added_tokens", nlohmann::json::value_t::array)) {
    const std::string content = text_of(token, "content");
    for (const char* key : {"single_word", "lstrip", "rstrip"}) {
      require(!is_set(token, key), "added_tokens: '{}' of \"{}\" is not computed here", key,
              content);
    }
    require(token.contains("id"), "added_tokens: \"{}\" has no id", content);
    const int64_t id = token_id(token.at("id"), content);
    vocabulary_size_ = std::max(vocabulary_size_, id + 1);
    added_[content] = id;
    if (is_set(token, "normalized")) {
      normalized_atoms_.add(normalized(content), id);
    } else {
      raw_atoms_.add(content, id);
    }
  }
}

std::optional<int64_t> JsonTokenizer::find_id(const std::string& piece) const {
  if (const auto found = added_.find(piece); found != added_.end()) return found->second;
  const auto found = bpe_.vocabulary().find(piece);
  if (found == bpe_.vocabulary().end()) return std::nullopt;
  return found->second;
}

std::string JsonTokenizer::normalized(std::string_view text) const {
  std::string result(text);
  for (const TextReplacement& step : normalizer_) result = replaced(result, step);
  return result;
}

std::vector<int64_t> JsonTokenizer::encode(std::string_view text) const {
  std::vector<int64_t> ids = {first_id_};
  const auto add_id = [&](int64_t id) { ids.push_back(id); };
  const auto add_text = [&](std::string_view part) { bpe_.encode(part, ids); };
  raw_atoms_.split(
      encode_utf8(decode_utf8(text)),
      [&](std::string_view part) { normalized_atoms_.split(normalized(part), add_text, add_id); },
      add_id);
  return ids;
}

}  // namespace sana::model
