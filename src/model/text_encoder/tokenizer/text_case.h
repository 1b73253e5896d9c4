// Python's str.lower() and str.strip(), code point for code point (Unicode 14).
#pragma once
#include <string>
#include <string_view>

namespace sana::model {

// Full lower case, with Python's rule for a sigma at the end of a word. Malformed bytes of the
// UTF-8 text become U+FFFD.
std::string python_lower(std::string_view text);

// Without white space at both ends.
std::string python_strip(std::string_view text);

}  // namespace sana::model
