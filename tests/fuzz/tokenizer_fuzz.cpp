// Any bytes as a tokenizer: the program refuses them with a UserError or encodes a text with them.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/error.h"
#include "model/text_encoder/tokenizer/json_tokenizer.h"
#include "model/text_encoder/tokenizer/sentencepiece_tokenizer.h"

namespace {

constexpr std::string_view kText = "a  photo of\n\n\xC3\xA9\xF0\x9F\xA6\x8A <bos><eos> 12\t\xFF";

void encode_with(const sana::model::TextTokenizer& tokenizer) {
  for (const int64_t id : tokenizer.encode(kText)) {
    if (id < 0 || id >= tokenizer.vocabulary_size()) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    if (bytes.starts_with("{")) {
      const auto json = nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false);
      if (!json.is_discarded()) encode_with(sana::model::JsonTokenizer(json, "fuzz"));
    } else {
      encode_with(sana::model::SentencePieceTokenizer(bytes, "fuzz"));
    }
  } catch (const sana::UserError&) {
    // Refused, as bad input should be.
  }
  return 0;
}
