// The store of c10d: a table over TCP that one process holds. Included only where c10d is.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "core/build_config.h"
#include "core/distributed/board.h"
#include "core/distributed/table.h"
#if SANA_HAS_C10D
#define USE_DISTRIBUTED 1
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace sana {

// Connects, and holds the table where `is_holder`. Throws EnvironmentError that names host and port
// after `timeout`, or at once where the port is taken.
c10::intrusive_ptr<c10d::Store> open_store(const TablePlace& place, bool is_holder,
                                           std::chrono::milliseconds timeout);

std::unique_ptr<Board> board_of_store(c10::intrusive_ptr<c10d::Store> store);

}  // namespace sana
#endif
