#include "model/text_encoder/tokenizer/text_tokenizer.h"

#include <string>
#include <system_error>

#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "model/text_encoder/tokenizer/json_tokenizer.h"
#include "model/text_encoder/tokenizer/sentencepiece_tokenizer.h"

namespace sana::model {
namespace fs = std::filesystem;

fs::path find_tokenizer_file(const fs::path& folder) {
  const fs::path places[] = {folder / "tokenizer", folder / "text_encoder", folder,
                             folder / ".." / "tokenizer"};
  std::string listed;
  for (const char* name : {"tokenizer.model", "tokenizer.json"}) {
    for (const fs::path& place : places) {
      std::error_code ignored;
      const fs::path file = (place / name).lexically_normal();
      if (fs::is_regular_file(file, ignored)) return file;
      listed += fmt::format("\n    {}", file.string());
    }
  }
  throw UserError(fmt::format(
      "'{}' has no tokenizer; copy the model's tokenizer.model or tokenizer.json to one of:{}",
      folder.string(), listed));
}

std::unique_ptr<TextTokenizer> open_text_tokenizer(const fs::path& file) {
  const std::string where = fmt::format("'{}'", file.string());
  if (file.extension() == ".json") {
    return std::make_unique<JsonTokenizer>(read_json_file(file, kMaxTokenizerBytes), where);
  }
  return std::make_unique<SentencePieceTokenizer>(read_text_file(file, kMaxTokenizerBytes), where);
}

}  // namespace sana::model
