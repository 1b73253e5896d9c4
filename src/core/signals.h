// Ctrl-C, SIGTERM and SIGUSR1: the first asks long work to finish its step and save; another,
// a second or more later, ends the program at once.
#pragma once

namespace sana {

// Installs the handlers. Safe to call more than once.
void install_stop_handlers();
// The number of the signal that asked to stop, or 0.
int stop_signal();
// Forgets a request (tests).
void clear_stop_request();

}  // namespace sana
