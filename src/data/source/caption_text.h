// Captions as they are stored: valid UTF-8 on one line.
#pragma once
#include <string>

namespace sana::data {

// Bytes that are no UTF-8 become replacement characters, so that JSON gives back what it was given.
std::string valid_utf8(const std::string& text);

// Valid UTF-8 in which runs of white space are one blank.
std::string tidy_caption(const std::string& text);

}  // namespace sana::data
