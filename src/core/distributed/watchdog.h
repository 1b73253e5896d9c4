// Finds the process of a run that fails, dies, hangs as a whole, or is cut off, and tells all others
// which one it was.
//
// A thread of each process puts a beat (beat.h) on the board, once a second. Rank 0 watches all; all
// watch rank 0, the board itself and what the board says of a failure; once a collective has failed,
// all watch all. The first failure is everybody's: whoever waits learns it within seconds, also the
// text of an error that another process ended with.
//
// What the main thread does counts for nothing here: it may measure, save or wait for hours while
// the beats go on. A main thread that hangs while its process lives is found by the timeout of the
// collective that the others wait in; the beats then tell where it is.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/distributed/board.h"
#include "core/error.h"
#include "core/launch_rank.h"

namespace sana {

struct WatchOptions {
  std::chrono::milliseconds beat = std::chrono::seconds(1);
  // Not heard of for longer: lost. The same once a collective has failed, as it does at once where a
  // process of the host next door dies.
  std::chrono::milliseconds silence = std::chrono::seconds(20);
  std::chrono::milliseconds silence_when_broken = std::chrono::seconds(5);
  // In which the main thread has to notice a failure, and in which it then has to end: with files
  // that it is writing. A process that does not is ended; a checkpoint is whole or absent anyway.
  std::chrono::milliseconds grace = std::chrono::seconds(20);
  std::chrono::milliseconds grace_to_end = std::chrono::seconds(60);

  // All within a minute at the default of 20 s.
  static WatchOptions of_silence(std::chrono::seconds silence);
};

// What a process ended with.
struct Failure {
  ExitCode code = ExitCode::kEnvironment;
  std::string text;
};

// UserError, EnvironmentError, ... of this code.
[[noreturn]] void throw_failure(const Failure& failure);

class Watchdog {
 public:
  // Ends the process at once.
  using End = std::function<void(ExitCode)>;

  // `board` holds a first beat of every process already (first_beat()). `is_holder`: the board ends
  // with this process. `place`: of the board, for messages.
  struct Membership {
    LaunchRank ranks;
    bool is_holder = false;
    std::string place;
  };
  // `end`: std::_Exit, but in tests.
  Watchdog(std::unique_ptr<Board> board, const Membership& member, const WatchOptions& options,
           End end = nullptr);
  // As leave(), if nothing was said yet.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  static void put_first_beat(Board& board, int64_t rank);
  static std::string beat_key(int64_t rank);

  // What this process does, for the others.
  void at_step(int64_t step);
  // `collective`: "'gradients' of data".
  void begin(const std::string& collective);
  void wait_begins(const std::string& collective);
  void wait_ends();

  // Whether this process or another is known to have failed.
  bool has_failed() const;
  // Throws what another process failed with, if one did.
  void throw_if_failed();
  // To be called with the error of a collective. Throws the reason as soon as it is known: who
  // failed, or who is lost; else, after some seconds, the error with what the others do instead.
  [[noreturn]] void explain(const std::string& error);
  // Tells the others that this process ends, and why, if it is not because of another one. Waits
  // until they know where the board would end with this process.
  void fail(const Failure& failure);
  // This process ends as it should: its silence is no failure, nor is that of the board from now
  // on.
  void leave();

 private:
  struct State;
  std::shared_ptr<State> state_;  // the threads', too: one that hangs in the network is left alone
};

}  // namespace sana
