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
// Throws Stopped when a signal has asked to stop.
void throw_if_stopped();
// Forgets a request (tests).
void clear_stop_request();

}  // namespace sana
