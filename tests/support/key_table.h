// Tables of the names and shapes of public checkpoints (tests/data/keys/*.tsv).
#pragma once
#include <ATen/ATen.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "support/packed_file.h"

namespace sana_test {

// "[3, 4]", or "3,4" -> {3, 4}.
inline std::vector<int64_t> parse_shape(const std::string& text) {
  std::vector<int64_t> shape;
  std::string number;
  for (const char c : text + ",") {
    if (c >= '0' && c <= '9') {
      number.push_back(c);
    } else if (!number.empty()) {
      shape.push_back(std::stoll(number));
      number.clear();
    }
  }
  return shape;
}

// The columns of each line but the first, which names them.
inline std::vector<std::vector<std::string>> read_key_table(const std::string& name) {
  std::istringstream in(read_packed(std::filesystem::path(SANA_TEST_DATA) / "keys" / name));
  std::vector<std::vector<std::string>> rows;
  std::string line, column;
  while (std::getline(in, line)) {
    std::istringstream columns(line);
    rows.emplace_back();
    while (std::getline(columns, column, '\t')) rows.back().push_back(column);
  }
  rows.erase(rows.begin());
  return rows;
}

// A tensor of any shape in four bytes of memory.
inline at::Tensor stand_in(const std::vector<int64_t>& shape) {
  return at::zeros({}).expand(shape);
}

}  // namespace sana_test
