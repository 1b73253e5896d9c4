// Bytes as text (RFC 4648).
#pragma once
#include <string>
#include <string_view>

namespace sana {

std::string base64(std::string_view bytes);

}  // namespace sana
