#include "core/distributed/watchdog.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/distributed/beat.h"
#include "core/environment.h"
#include "core/json_dump.h"
#include "core/log.h"
#include "core/signals.h"

namespace sana {
namespace {

using Time = SteadyClock::time_point;
using Milliseconds = std::chrono::milliseconds;

constexpr const char* kFailureKey = "failure";
constexpr size_t kLongestText = 4000;
constexpr auto kLook = Milliseconds(100);

double seconds(Milliseconds time) { return double(time.count()) / 1000; }

std::string text_of(const Failure& failure) {
  return dump_json(nlohmann::json{{"code", int(failure.code)}, {"text", failure.text}});
}

Failure parse_failure(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    return {ExitCode(json.at("code").get<int>()), json.at("text").get<std::string>()};
  } catch (const nlohmann::json::exception&) {
    return {ExitCode::kEnvironment, text};
  }
}

}  // namespace

WatchOptions WatchOptions::of_silence(std::chrono::seconds silence) {
  WatchOptions options;
  options.silence = silence;
  options.grace = std::min(options.grace, options.silence);
  return options;
}

void throw_failure(const Failure& failure) {
  if (failure.code == ExitCode::kUser) throw UserError(failure.text);
  if (failure.code == ExitCode::kEnvironment) throw EnvironmentError(failure.text);
  throw Error(failure.code, failure.text);
}

struct Watchdog::State {
  std::unique_ptr<Board> board;
  Membership member;
  WatchOptions options;
  End end;

  std::mutex lock;  // of what follows
  std::condition_variable changed;
  Beat mine;
  Time collective_began = SteadyClock::now();
  Roll roll;  // of the others
  std::optional<Failure> failure;
  Time failed_at;
  std::optional<Time> noticed_at;            // by the main thread
  Time answered_at = SteadyClock::now();     // by the board
  bool is_leaving = false, is_over = false;  // the beats are to end; have ended
  bool is_last_said = false;                 // the board has been told that they end
  bool is_hurried = false;                   // somebody waits for the others' beats
  bool is_consequence = false;               // the main thread ends for a reason that others know
  bool is_closed = false;                    // nobody needs to be guarded any more
  int64_t num_exchanges = 0;

  bool is_main() const { return member.ranks.rank == 0; }
  std::string me() const { return fmt::format("rank {} on {}", member.ranks.rank, mine.host); }

  // The lock is held. The first failure stays.
  void adopt(const Failure& found) {
    if (failure) return;
    failure = found;
    failed_at = SteadyClock::now();
    mine.knows_failure = true;
    log::error("{}; this is {}, {}", found.text, me(), activity());
    changed.notify_all();
  }

  std::string activity() {
    mine.collective_age_s = seconds_since(collective_began);
    return mine.activity();
  }

  // Whose beats this process looks at. The lock is held.
  std::vector<int64_t> watched() const {
    std::vector<int64_t> ranks;
    const bool all = is_main() || mine.is_broken || is_hurried;
    for (int64_t r = 0; r < (all ? member.ranks.count : 1); ++r) {
      if (r != member.ranks.rank) ranks.push_back(r);
    }
    return ranks;
  }

  std::string own_beat(std::vector<int64_t>& ranks) {
    const std::lock_guard guard(lock);
    ++mine.number;
    mine.collective_age_s = seconds_since(collective_began);
    is_last_said = is_leaving;
    // One that ends because of another has not left: its silence is that of the other's host, too.
    mine.has_left = is_leaving && !failure && !mine.is_broken;
    ranks = watched();
    return mine.text();
  }

  // One beat out and those of others in.
  void exchange() {
    const Time begun = SteadyClock::now();
    std::vector<int64_t> ranks;
    std::vector<std::string> keys;
    board->put(beat_key(member.ranks.rank), own_beat(ranks));
    for (const int64_t r : ranks) keys.push_back(beat_key(r));
    const auto known = board->find(kFailureKey);
    const auto beats = keys.empty() ? std::vector<std::string>() : board->get(keys);
    std::unique_lock guard(lock);
    if (known) adopt(parse_failure(*known));
    const Time now = answered_at = SteadyClock::now();
    for (size_t i = 0; i < beats.size(); ++i) roll.hear(ranks[i], Beat::parse(beats[i]), now);
    ++num_exchanges;
    changed.notify_all();
    // Stopped itself while it asked.
    if (now - begun > options.silence / 2) roll.forgive(now);
    const auto lost = look_for_lost(now);
    guard.unlock();
    if (!lost) return;
    const Failure agreed = parse_failure(board->put_first(kFailureKey, text_of(*lost)));
    guard.lock();
    adopt(agreed);
  }

  // The lock is held.
  std::optional<Failure> look_for_lost(Time now) const {
    if (failure || is_leaving) return std::nullopt;
    const bool broken = mine.is_broken || roll.is_any_broken();
    const auto limit =
        broken ? std::min(options.silence, options.silence_when_broken) : options.silence;
    std::vector<std::string> lost;
    for (const int64_t r : roll.silent(seconds(limit), now)) lost.push_back(roll.describe(r, now));
    if (lost.empty()) return std::nullopt;
    return Failure{ExitCode::kEnvironment,
                   fmt::format("lost {}: it died, hangs, or its host or network does; the run goes "
                               "on from its newest checkpoint",
                               fmt::join(lost, ", "))};
  }

  Failure board_is_gone(const std::string& why) const {
    return {ExitCode::kEnvironment,
            fmt::format("lost rank 0, or what else holds the table of all processes at {}: {}; it "
                        "died, hangs, or its host or network does; the run goes on from its newest "
                        "checkpoint",
                        member.place, why)};
  }

  void beat_until_left() {
    Time last = SteadyClock::now();
    while (true) {
      const Time begun = SteadyClock::now();
      {
        const std::lock_guard guard(lock);
        // Stopped itself: it knows nothing of the others yet.
        if (begun - last > options.silence / 2) roll.forgive(begun);
      }
      try {
        exchange();
      } catch (const std::exception& error) {
        const std::lock_guard guard(lock);
        const std::string all = error.what();
        if (!is_leaving && !roll.has_left(0)) adopt(board_is_gone(all.substr(0, all.find('\n'))));
        break;
      }
      last = SteadyClock::now();
      std::unique_lock guard(lock);
      if (is_last_said && !is_hurried) break;
      const auto pause = is_hurried || is_leaving ? std::min(kLook, options.beat) : options.beat;
      const bool was_leaving = is_leaving, was_hurried = is_hurried;
      changed.wait_for(guard, pause,
                       [&] { return is_leaving != was_leaving || is_hurried != was_hurried; });
    }
    const std::lock_guard guard(lock);
    is_over = true;
    changed.notify_all();
  }

  // Ends the process where the main thread cannot, and finds a board that does not answer.
  void guard_until_over() {
    Time last = SteadyClock::now();
    std::unique_lock guard(lock);
    while (!is_over || failure) {
      changed.wait_for(guard, kLook, [&] { return is_closed; });
      if (is_closed) return;
      const Time now = SteadyClock::now();
      // Stopped itself.
      if (now - last > options.silence / 2) answered_at = now;
      last = now;
      if (!failure && !is_over && !is_leaving && now - answered_at > options.silence) {
        adopt(board_is_gone(fmt::format("no answer for {:.0f} s", seconds_since(answered_at))));
      }
      if (!failure) continue;
      const bool is_late =
          noticed_at ? now - *noticed_at > options.grace_to_end : now - failed_at > options.grace;
      if (!is_late) continue;
      log::error("{} does not end by itself ({}); it is ended", me(), activity());
      end(failure->code);
      return;
    }
  }
};

Watchdog::Watchdog(std::unique_ptr<Board> board, const Membership& member,
                   const WatchOptions& options, End end)
    : state_(std::make_shared<State>()) {
  state_->board = std::move(board);
  state_->member = member;
  state_->options = options;
  state_->end = end ? std::move(end) : [](ExitCode code) { std::_Exit(static_cast<int>(code)); };
  state_->mine.host = host_name();
  std::thread([state = state_] { state->beat_until_left(); }).detach();
  std::thread([state = state_] { state->guard_until_over(); }).detach();
}

Watchdog::~Watchdog() {
  leave();
  const std::lock_guard guard(state_->lock);
  state_->is_closed = true;
  state_->changed.notify_all();
}

std::string Watchdog::beat_key(int64_t rank) { return fmt::format("beat/{}", rank); }

void Watchdog::put_first_beat(Board& board, int64_t rank) {
  Beat beat;
  beat.host = host_name();
  board.put(beat_key(rank), beat.text());
}

void Watchdog::at_step(int64_t step) {
  const std::lock_guard guard(state_->lock);
  state_->mine.step = step;
}

void Watchdog::begin(const std::string& collective) {
  const std::lock_guard guard(state_->lock);
  state_->mine.collective = collective;
  state_->mine.is_waiting = false;
  ++state_->mine.num_begun;
  state_->collective_began = SteadyClock::now();
}

void Watchdog::wait_begins(const std::string& collective) {
  const std::lock_guard guard(state_->lock);
  state_->mine.collective = collective;
  state_->mine.is_waiting = true;
  state_->collective_began = SteadyClock::now();
}

void Watchdog::wait_ends() {
  const std::lock_guard guard(state_->lock);
  state_->mine.is_waiting = false;
}

bool Watchdog::has_failed() const {
  const std::lock_guard guard(state_->lock);
  return state_->failure.has_value();
}

void Watchdog::throw_if_failed() {
  const std::lock_guard guard(state_->lock);
  if (!state_->failure) return;
  if (!state_->noticed_at) state_->noticed_at = SteadyClock::now();
  throw_failure(*state_->failure);
}

void Watchdog::explain(const std::string& error) {
  State& state = *state_;
  std::unique_lock guard(state.lock);
  state.mine.is_broken = state.is_hurried = true;
  state.changed.notify_all();
  // The silence of a process that died has to last, and rank 0 has to tell of it.
  const Time deadline = SteadyClock::now() +
                        std::min(state.options.silence, state.options.silence_when_broken) +
                        4 * state.options.beat;
  while (!state.failure && !state.is_over && SteadyClock::now() < deadline && stop_signal() == 0) {
    state.changed.wait_for(guard, kLook);
  }
  state.is_hurried = false;
  // A launcher that ends this process meanwhile has told who failed; the others find that, too.
  state.is_consequence = stop_signal() != 0;
  if (!state.noticed_at) state.noticed_at = SteadyClock::now();
  if (state.failure) throw_failure(*state.failure);
  const auto elsewhere = state.roll.elsewhere(state.mine, SteadyClock::now());
  throw EnvironmentError(elsewhere.empty()
                             ? error
                             : fmt::format("{}. Not there: {}", error, fmt::join(elsewhere, ", ")));
}

void Watchdog::fail(const Failure& failure) {
  State& state = *state_;
  std::unique_lock guard(state.lock);
  state.noticed_at = SteadyClock::now();
  if (!state.failure && !state.is_over && !state.is_consequence) {
    const Failure told = {failure.code, fmt::format("{} failed: {}", state.me(),
                                                    failure.text.substr(0, kLongestText))};
    // Known from now on, so that the guard ends a process whose board does not answer.
    state.failure = told;
    state.failed_at = SteadyClock::now();
    state.mine.knows_failure = true;
    guard.unlock();
    try {
      state.board->put_first(kFailureKey, text_of(told));
    } catch (const std::exception& error) {
      log::warning("the other processes could not be told: {}", error.what());
    }
    guard.lock();
  }
  if (!state.member.is_holder) return;
  // Beats of before the failure say nothing: those of two exchanges from now on do.
  state.is_hurried = true;
  state.changed.notify_all();
  const int64_t enough = state.num_exchanges + 2;
  const Time deadline = SteadyClock::now() + 5 * state.options.beat;
  const double silence = seconds(3 * state.options.beat);
  state.changed.wait_until(guard, deadline, [&] {
    return state.is_over ||
           (state.num_exchanges >= enough && state.roll.is_told(silence, SteadyClock::now()));
  });
  state.is_hurried = false;
}

void Watchdog::leave() {
  State& state = *state_;
  std::unique_lock guard(state.lock);
  if (state.is_leaving) return;
  state.is_leaving = true;
  state.is_hurried = state.member.is_holder && !state.failure;
  state.changed.notify_all();
  if (state.is_hurried) {
    // The others' last beats; of those who need longer, the board's end is no failure, as they
    // know that rank 0 has left.
    const int64_t enough = state.num_exchanges + 2;
    state.changed.wait_for(guard, state.options.silence, [&] {
      return state.is_over ||
             (state.num_exchanges >= enough &&
              state.roll.is_told(seconds(state.options.silence), SteadyClock::now()));
    });
    state.is_hurried = false;
    state.changed.notify_all();
  }
  // A board that does not answer is left to the operating system.
  state.changed.wait_for(guard, 3 * state.options.beat, [&] { return state.is_over; });
}

}  // namespace sana
