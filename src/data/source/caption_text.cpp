#include "data/source/caption_text.h"

#include <locale>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/json_dump.h"

namespace sana::data {

std::string valid_utf8(const std::string& text) {
  return nlohmann::json::parse(dump_json(nlohmann::json(text))).get<std::string>();
}

std::string tidy_caption(const std::string& text) {
  std::istringstream words(valid_utf8(text));
  words.imbue(std::locale::classic());
  std::string word, caption;
  while (words >> word) caption += (caption.empty() ? "" : " ") + word;
  return caption;
}

}  // namespace sana::data
