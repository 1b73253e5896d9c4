// Ctrl-C, SIGTERM, SIGUSR1 and a terminal that closes: the first asks long work to finish its step
// and save; another, a second or more later, ends the program at once.
#pragma once
#include "core/error.h"

namespace sana {

// Thrown out of long work of which nothing is to be saved, such as listing and hashing.
class Stopped : public Error {
 public:
  Stopped() : Error(ExitCode::kTerminated, "stopped; run the same command to go on") {}
};

// Installs the handlers. Safe to call more than once.
void install_stop_handlers();
// To be called first of all: a reader of our output that goes away is no reason to die, and
// standard input and outputs that are closed become /dev/null.
void survive_lost_readers();
// Whether the other end of a pipe or terminal is closed.
bool is_reader_gone(int descriptor);
// The number of the signal that asked to stop, or 0.
int stop_signal();
// Whether a signal has asked to stop and this thread may: it has no StopShield.
bool is_stop_wanted();
// Throws Stopped when a signal has asked to stop, unless this thread has a StopShield.
void throw_if_stopped();

// While it lives, throw_if_stopped() does nothing on this thread: for work that a step waits for,
// which is finished and saved before the program ends.
class StopShield {
 public:
  StopShield();
  ~StopShield();
  StopShield(const StopShield&) = delete;
  StopShield& operator=(const StopShield&) = delete;
};

// Forgets a request (tests).
void clear_stop_request();

}  // namespace sana
