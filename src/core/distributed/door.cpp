#include "core/distributed/door.h"

#if SANA_HAS_C10D
#include <thread>
#include <vector>

#include "core/environment.h"
#include "core/error.h"

namespace sana {

Door::Door(const LaunchRank& ranks, const Rendezvous& place, std::chrono::milliseconds timeout)
    : ranks_(ranks),
      place_{place.host, place.port, place.prefix},
      timeout_(timeout),
      deadline_(SteadyClock::now() + timeout),
      is_holder_(ranks.rank == 0 && !place.is_served) {}

void Door::come_in() {
  told([&] { store_ = open_store(place_, is_holder_, timeout_); });
  told([&] { refuse_strangers(); });
  told([&] { Watchdog::put_first_beat(*board_of_store(store_), ranks_.rank); });
  std::vector<std::string> keys;
  for (int64_t r = 0; r < ranks_.count; ++r) keys.push_back(Watchdog::beat_key(r));
  const auto missing = [&] {
    std::vector<int64_t> ranks;
    for (int64_t r = 0; r < ranks_.count; ++r) {
      if (!store_->check({keys[size_t(r)]})) ranks.push_back(r);
    }
    return fmt::format("rank {} did not come", fmt::join(ranks, ", "));
  };
  wait_until([&] { return store_->check(keys); }, missing, [] {});
}

std::unique_ptr<Board> Door::another_board() const {
  std::unique_ptr<Board> board;
  told([&] { board = board_of_store(open_store(place_, /*is_holder=*/false, timeout_)); });
  return board;
}

void Door::all_ready(Watchdog& watchdog) {
  told([&] { store_->add("ready", 1); });
  wait_until([&] { return store_->add("ready", 0) >= ranks_.count; },
             [&] { return fmt::format("only {} were ready", store_->add("ready", 0)); },
             [&] { watchdog.throw_if_failed(); });
}

void Door::refuse_strangers() {
  const std::string count = std::to_string(ranks_.count);
  const std::string first = store_->compareSet("count", "", count);
  require(first == count,
          "rank {} of {} on {} meets a run of {} processes at {}: another run uses this port, or "
          "the processes were started with different numbers",
          ranks_.rank, count, host_name(), first, place());
  require(store_->add(fmt::format("rank/{}", ranks_.rank), 1) == 1,
          "another process has come to {} as rank {} of {} already: another run uses this port, or "
          "two processes were started with one number (this one on {})",
          place(), ranks_.rank, count, host_name());
}

void Door::wait_until(const std::function<bool()>& done,
                      const std::function<std::string()>& missing,
                      const std::function<void()>& meanwhile) {
  bool is_done = false;
  while (true) {
    meanwhile();
    told([&] { is_done = done(); });
    if (is_done) return;
    told([&] {
      if (SteadyClock::now() > deadline_) {
        throw EnvironmentError(fmt::format("{} within {} s", missing(), timeout_.count() / 1000));
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void Door::told(const std::function<void()>& body) const {
  std::string why;
  try {
    return body();
  } catch (const EnvironmentError& error) {
    why = error.what();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    why = error.what();
    why = why.substr(0, why.find('\n'));
  }
  throw EnvironmentError(fmt::format(
      "rank {} of {} on {} cannot meet the others at {}: {}. Rank 0 opens that port on that "
      "host (MASTER_ADDR, MASTER_PORT): is it running, is the port free, and can this host reach "
      "it?",
      ranks_.rank, ranks_.count, host_name(), place(), why));
}

}  // namespace sana
#endif
