#include "core/json_file.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/json_text.h"
#include "core/text.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

// Python's json module writes numbers that JSON has no word for; they become null. Line numbers
// stay.
std::string without_bare_nonfinite(const std::string& text) {
  std::string result;
  result.reserve(text.size());
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    if (in_string && text[i] == '\\' && i + 1 < text.size()) {
      result.append(text, i, 2);
      i += 2;
      continue;
    }
    if (text[i] == '"') in_string = !in_string;
    size_t length = 0;
    if (!in_string) {
      for (std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
        if (length == 0 && std::string_view(text).substr(i, word.size()) == word) {
          length = word.size();
        }
      }
    }
    result += length == 0 ? std::string(1, text[i]) : "null";
    i += length == 0 ? 1 : length;
  }
  return result;
}

}  // namespace

nlohmann::json read_json_file(const fs::path& path, int64_t max_bytes) {
  const std::string text = read_user_text(path, max_bytes);
  require(json_depth(text) <= kMaxJsonDepth, "'{}' is nested deeper than {} levels", path.string(),
          kMaxJsonDepth);
  nlohmann::json result = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!result.is_discarded()) return result;
  try {
    return nlohmann::json::parse(without_bare_nonfinite(text));
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("'{}' is not valid JSON: {}", path.string(), json_reason(error)));
  }
}

}  // namespace sana
