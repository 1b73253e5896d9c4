#include "core/isolated.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "core/error.h"
#include "core/plain_file.h"
#include "core/sandbox.h"
#include "core/signals.h"

namespace sana {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFailed = 70;        // exit status of work that threw
constexpr double kLookMs = 200.0;  // between looks whether a signal asks to stop

void set_limit(decltype(RLIMIT_AS) what, int64_t soft, int64_t hard) {
  const rlimit limit{static_cast<rlim_t>(soft), static_cast<rlim_t>(hard)};
  ::setrlimit(what, &limit);
}

// Of this process, in bytes; 0 when the kernel does not say.
int64_t mapped_bytes() {
  std::array<char, 64> text{};
  const Descriptor file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 || ::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
  return std::strtoll(text.data(), nullptr, 10) * ::sysconf(_SC_PAGESIZE);
}

void close_all_but(int kept) {
  if (kept > 3) ::close_range(3, static_cast<unsigned>(kept - 1), 0);
  ::close_range(static_cast<unsigned>(kept + 1), ~0U, 0);
}

void restrict_child(const IsolationLimits& limits, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(nothing, standard);
  }
  close_all_but(output);
  set_limit(RLIMIT_CORE, 0, 0);
  set_limit(RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1);
  if (const int64_t mapped = mapped_bytes(); mapped > 0) {
    set_limit(RLIMIT_AS, mapped + limits.memory_bytes, mapped + limits.memory_bytes);
  }
  forbid_all_but_reading();
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ::_exit(kFailed);  // nobody listens any more
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

[[noreturn]] void be_child(const IsolationLimits& limits,
                           const std::function<void(const Emit&)>& work, int output) {
  // Not one of the three that become /dev/null, where the parent had those closed.
  output = ::fcntl(output, F_DUPFD_CLOEXEC, 3);
  restrict_child(limits, output);
  try {
    work([output](std::string_view bytes) { write_all(output, bytes); });
  } catch (...) {
    ::_exit(kFailed);
  }
  ::_exit(0);
}

// Reads until the child closes its end; what is wrong, or nothing.
std::string listen(int input, const IsolationLimits& limits, std::string& text) {
  std::array<char, 65536> block{};
  auto deadline = Clock::now() + std::chrono::duration<double>(limits.silence_s);
  while (true) {
    const double left_s = std::chrono::duration<double>(deadline - Clock::now()).count();
    if (left_s <= 0) return fmt::format("no answer within {:g} s", limits.silence_s);
    pollfd asked{input, POLLIN, 0};
    const int ready = ::poll(&asked, 1, static_cast<int>(std::min(left_s * 1000 + 1, kLookMs)));
    if (ready <= 0 && is_stop_wanted()) return "a signal asks to stop";
    if (ready <= 0) continue;  // the deadline, or a signal
    const ssize_t count = ::read(input, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return "";
    text.append(block.data(), static_cast<size_t>(count));
    if (static_cast<int64_t>(text.size()) > limits.max_output) return "too long an answer";
    deadline = Clock::now() + std::chrono::duration<double>(limits.silence_s);
  }
}

std::string end_of(int status, const IsolationLimits& limits) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGXCPU) return fmt::format("more than {} s of computing", limits.cpu_s);
    return fmt::format("ended by signal {} ({})", number, ::strsignal(number));
  }
  return WEXITSTATUS(status) == 0 ? "" : "ended by an error, perhaps for want of memory";
}

}  // namespace

IsolatedOutput run_isolated(const IsolationLimits& limits,
                            const std::function<void(const Emit&)>& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw EnvironmentError(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  const Descriptor input(ends[0]);
  Descriptor output(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    throw EnvironmentError(fmt::format("cannot begin a process: {}", std::strerror(errno)));
  }
  if (child == 0) be_child(limits, work, output.get());
  { const Descriptor closed = std::move(output); }
  IsolatedOutput result;
  result.problem = listen(input.get(), limits, result.text);
  ::kill(child, SIGKILL);  // without effect on one that has ended
  int status = 0;
  pid_t waited = -1;
  do {
    waited = ::waitpid(child, &status, 0);
  } while (waited < 0 && errno == EINTR);
  throw_if_stopped();
  // Where another part of the program has SIGCHLD ignored, nobody tells how the child ended.
  if (result.problem.empty() && waited == child) result.problem = end_of(status, limits);
  return result;
}

}  // namespace sana
