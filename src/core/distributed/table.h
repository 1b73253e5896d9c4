// A board over TCP, for who is no member of a world yet.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/distributed/board.h"

namespace sana {

struct TablePlace {
  std::string host;
  uint16_t port = 0;
  std::string prefix;  // of all keys; empty: none
  std::string text() const { return host + ":" + std::to_string(port); }
};

// Holds the table where `is_holder`, for as long as the board lives; else waits until somebody does,
// at most `timeout`. Throws EnvironmentError that names host and port, also where this build has no
// c10d.
std::unique_ptr<Board> open_table(const TablePlace& place, bool is_holder,
                                  std::chrono::milliseconds timeout);

}  // namespace sana
