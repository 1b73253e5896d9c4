#include "core/distributed/table.h"

#include "core/distributed/c10d_store.h"
#include "core/error.h"

namespace sana {

std::unique_ptr<Board> open_table(const TablePlace& place, bool is_holder,
                                  std::chrono::milliseconds timeout) {
#if SANA_HAS_C10D
  return board_of_store(open_store(place, is_holder, timeout));
#else
  (void)is_holder;
  (void)timeout;
  throw EnvironmentError(fmt::format(
      "this program was built without c10d, with which machines meet at {}; install libgloo-dev and "
      "build again (scripts/setup.sh does it)",
      place.text()));
#endif
}

}  // namespace sana
