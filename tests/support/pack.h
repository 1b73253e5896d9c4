// Shards for tests, made when they run.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/catch.h"

namespace sana_test {

// By Python, which writes what other programs write; `code` has no apostrophes and runs in
// `folder`.
inline void pack(const std::filesystem::path& folder, const std::string& code) {
  const auto command = "cd '" + folder.string() + "' && python3 -c '" + code + "'";
  REQUIRE(std::system(command.c_str()) == 0);
}

}  // namespace sana_test
