// Captions as they are stored: valid UTF-8 on one line.
#pragma once
#include <string>

namespace sana::data {

// Valid UTF-8 in which runs of white space are one blank.
std::string tidy_caption(const std::string& text);

}  // namespace sana::data
