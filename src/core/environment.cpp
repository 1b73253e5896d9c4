#include "core/environment.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "core/error.h"
#include "core/text.h"

namespace sana {
namespace fs = std::filesystem;

std::string environment_text(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<int64_t> environment_number(const char* name, int64_t smallest, int64_t largest) {
  const std::string text = environment_text(name);
  if (text.empty()) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size() && value >= smallest &&
              value <= largest,
          "environment variable {} is '{}', expected a number from {} to {}", name,
          valid_utf8(text), smallest, largest);
  return value;
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return valid_utf8(name.data());
}

fs::path program_file() {
  std::error_code error;
  const fs::path file = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : file;
}

}  // namespace sana
