#include "core/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "core/error.h"

namespace sana {
namespace {

std::atomic<int> requested_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

void on_stop_signal(int number) {
  int none = 0;
  if (requested_signal.compare_exchange_strong(none, number)) return;
  const char message[] = "\nstopped at once\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message, sizeof message - 1);
  ::_exit(static_cast<int>(ExitCode::kTerminated));
}

}  // namespace

void install_stop_handlers() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (int number : {SIGINT, SIGTERM, SIGUSR1}) {
    if (::sigaction(number, &action, nullptr) != 0) {
      throw InternalError(fmt::format("cannot install a handler of signal {}", number));
    }
  }
}

int stop_signal() { return requested_signal; }

void clear_stop_request() { requested_signal = 0; }

}  // namespace sana
