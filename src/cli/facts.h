// Lines of "name  value" on stdout.
#pragma once
#include <cstdint>
#include <string>

namespace sana::cli {

struct Fact {
  std::string name, value;
};

void print_fact(const std::string& name, const std::string& value);
inline void print_fact(const Fact& fact) { print_fact(fact.name, fact.value); }

// 1234567 -> "1,234,567"
std::string count_string(int64_t count);

}  // namespace sana::cli
