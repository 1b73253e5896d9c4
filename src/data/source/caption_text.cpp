#include "data/source/caption_text.h"

#include <locale>
#include <sstream>

#include "core/text.h"

namespace sana::data {

std::string tidy_caption(const std::string& text) {
  std::istringstream words(valid_utf8(text));
  words.imbue(std::locale::classic());
  std::string word, caption;
  while (words >> word) caption += (caption.empty() ? "" : " ") + word;
  return caption;
}

}  // namespace sana::data
