#include "cli/facts.h"

#include <spdlog/fmt/fmt.h>

#include <iostream>

namespace sana::cli {

void print_fact(const std::string& name, const std::string& value) {
  std::cout << fmt::format("{:<14}{}\n", name, value);
}

std::string count_string(int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace sana::cli
