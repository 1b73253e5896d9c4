#include "core/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "core/error.h"

namespace sana {
namespace {

// Programs such as timeout(1) and job schedulers send a signal to the process and to its group, so
// the same wish arrives twice; only a later one means "at once".
constexpr int64_t kSameWishMs = 1000;

std::atomic<int> requested_signal = 0;
std::atomic<int64_t> requested_at_ms = 0;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free,
              "used in a signal handler");

thread_local int shields = 0;  // of this thread

int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

void on_stop_signal(int number) {
  int none = 0;
  const int64_t now = now_ms();
  if (requested_signal.compare_exchange_strong(none, number)) {
    requested_at_ms = now;
    return;
  }
  if (now - requested_at_ms < kSameWishMs) return;
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
  for (int number : {SIGINT, SIGTERM, SIGUSR1, SIGHUP}) {
    struct sigaction before {};
    // nohup has the terminal's end ignored, and so it stays.
    const bool is_ignored = number == SIGHUP && ::sigaction(number, nullptr, &before) == 0 &&
                            before.sa_handler == SIG_IGN;
    if (is_ignored) continue;
    if (::sigaction(number, &action, nullptr) != 0) {
      throw InternalError(fmt::format("cannot install a handler of signal {}", number));
    }
  }
}

void survive_lost_readers() {
  ::signal(SIGPIPE, SIG_IGN);
  // Else the first file that is opened would get the number of an output that is closed, and its
  // text.
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    const int opened = ::open("/dev/null", O_RDWR);
    if (opened >= 0 && opened != descriptor) ::dup2(opened, descriptor), ::close(opened);
  }
}

bool is_reader_gone(int descriptor) {
  pollfd asked{descriptor, POLLOUT, 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLERR) != 0;
}

int stop_signal() { return requested_signal; }

bool is_stop_wanted() { return shields == 0 && stop_signal() != 0; }

void throw_if_stopped() {
  if (is_stop_wanted()) throw Stopped();
}

StopShield::StopShield() { ++shields; }
StopShield::~StopShield() { --shields; }

void clear_stop_request() { requested_signal = 0; }

}  // namespace sana
