// Where processes that started count themselves in, before they do anything that waits.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/distributed/c10d_store.h"
#include "core/distributed/world.h"
#if SANA_HAS_C10D

namespace sana {

// Its errors say which process could not meet the others where, and what to look at.
class Door {
 public:
  Door(const LaunchRank& ranks, const Rendezvous& place, std::chrono::milliseconds timeout);

  // Opens the table or reaches it, and waits until every process is in. Throws EnvironmentError that
  // names who is not; UserError where another process has this number, or says another number of
  // processes. May wait for ever for a holder of the table that hangs (within.h).
  void come_in();

  // After come_in().
  const c10::intrusive_ptr<c10d::Store>& store() const { return store_; }
  // A connection of its own, which answers while others wait.
  std::unique_ptr<Board> another_board() const;
  // Until all have said so, or one has failed, whose failure is thrown.
  void all_ready(Watchdog& watchdog);

  bool is_holder() const { return is_holder_; }
  std::string place() const { return place_.text(); }

 private:
  void refuse_strangers();
  // `meanwhile` may throw errors that are none of the meeting.
  void wait_until(const std::function<bool()>& done, const std::function<std::string()>& missing,
                  const std::function<void()>& meanwhile);
  // Errors of the table with who met where.
  void told(const std::function<void()>& body) const;

  LaunchRank ranks_;
  TablePlace place_;
  std::chrono::milliseconds timeout_;
  SteadyClock::time_point deadline_;
  bool is_holder_;
  c10::intrusive_ptr<c10d::Store> store_;
};

}  // namespace sana
#endif
