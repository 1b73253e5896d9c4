#include "launch/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace sana {
namespace {

struct Ends {
  Descriptor read, write;
};

Ends make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw EnvironmentError(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// The parent's environment with `variables` in place of what it has of them.
std::vector<std::string> environment_with(const ChildProcess::Variables& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    bool is_replaced = false;
    for (const auto& [name, value] : variables) is_replaced |= text.rfind(name + "=", 0) == 0;
    if (!is_replaced) all.push_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return all;
}

}  // namespace

std::string Ending::text() const {
  if (signal == 0) return fmt::format("exit code {}", exit_code);
  return fmt::format("signal {} ({})", signal, ::strsignal(signal));
}

ChildProcess::ChildProcess(const std::vector<std::string>& words, const Variables& variables,
                           int when_orphaned, LineReader on_line)
    : on_line_(std::move(on_line)) {
  Ends out = make_pipe(), err = make_pipe();
  // Made before the fork: afterwards nothing may allocate.
  std::vector<std::string> arguments = words, environment = environment_with(variables);
  std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    throw EnvironmentError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, when_orphaned);
    if (::getppid() != parent) ::_exit(1);  // it died meanwhile
    ::dup2(out.write.get(), STDOUT_FILENO);
    ::dup2(err.write.get(), STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  out_ = {std::move(out.read), "", true};
  err_ = {std::move(err.read), "", false};
}

ChildProcess::~ChildProcess() {
  if (ending_ || pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::send(int signal) const {
  if (!ending_) ::kill(pid_, signal);
}

void ChildProcess::read_from(Pipe& pipe) {
  std::array<char, 1 << 14> buffer{};
  ssize_t count = 0;
  while ((count = ::read(pipe.end.get(), buffer.data(), buffer.size())) > 0) {
    pipe.rest.append(buffer.data(), size_t(count));
    for (size_t end = 0; (end = pipe.rest.find('\n')) != std::string::npos;) {
      on_line_(pipe.rest.substr(0, end), pipe.is_stdout);
      pipe.rest.erase(0, end + 1);
    }
  }
}

void ChildProcess::read_lines() {
  read_from(out_);
  read_from(err_);
}

void ChildProcess::hand_on_rests() {
  for (Pipe* pipe : {&out_, &err_}) {
    if (!pipe->rest.empty()) on_line_(pipe->rest, pipe->is_stdout);
    pipe->rest.clear();
  }
}

std::optional<Ending> ChildProcess::ending() {
  if (ending_) return ending_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  read_lines();
  hand_on_rests();
  ending_ = WIFEXITED(status) ? Ending{WEXITSTATUS(status), 0} : Ending{-1, WTERMSIG(status)};
  return ending_;
}

}  // namespace sana
