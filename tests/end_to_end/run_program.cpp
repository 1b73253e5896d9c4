#include "end_to_end/run_program.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "end_to_end/two_hosts.h"
#include "support/temporary_directory.h"

namespace sana_test {
namespace fs = std::filesystem;
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// The environment of the test, with one thread: the tensors are so small that threads would spend
// their time waiting for each other.
std::vector<std::string> child_environment(const ProgramSetting& setting) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (text.rfind("OMP_NUM_THREADS=", 0) != 0) result.push_back(text);
  }
  result.push_back("OMP_NUM_THREADS=1");
  for (const auto& [name, value] : setting.variables) result.push_back(name + "=" + value);
  return result;
}

bool redirect(int descriptor, const char* file) {
  const int target = ::open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  return target >= 0 && ::dup2(target, descriptor) >= 0;
}

// Of its network and its name.
bool enter(const Host& host) {
  return ::setns(host.network.get(), CLONE_NEWNET) == 0 && ::unshare(CLONE_NEWUTS) == 0 &&
         ::sethostname(host.name.c_str(), host.name.size()) == 0;
}

}  // namespace

Program::Program(const std::vector<std::string>& words, const fs::path& folder,
                 const ProgramSetting& setting)
    : out_(folder / ("stdout" + setting.name + ".txt")),
      err_(folder / ("stderr" + setting.name + ".txt")) {
  std::vector<std::string> arguments = {SANA_BINARY};
  arguments.insert(arguments.end(), words.begin(), words.end());
  std::vector<std::string> environment = child_environment(setting);
  const std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot start a process");
  if (pid_ > 0) return;
  // Between fork and exec of a process with threads only system calls are safe.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGXFSZ, SIG_DFL);
  bool ok = redirect(STDOUT_FILENO, out_.c_str()) && redirect(STDERR_FILENO, err_.c_str());
  ok = ok && ::chdir(folder.c_str()) == 0;
  ok = ok && (setting.host == nullptr || enter(*setting.host));
  if (setting.file_size_limit > 0) {
    const rlimit limit = {rlim_t(setting.file_size_limit), rlim_t(setting.file_size_limit)};
    ok = ok && ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
  }
  if (ok) ::execve(SANA_BINARY, argv.data(), envp.data());
  ::_exit(127);
}

Program::~Program() {
  if (!is_running()) return;
  send(SIGKILL);
  ::waitpid(pid_, &status_, 0);
}

bool Program::is_running() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !ended_;
}

void Program::send(int signal) {
  if (!ended_) ::kill(pid_, signal);
}

void Program::pause() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

Outcome Program::wait(std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (is_running()) {
    if (std::chrono::steady_clock::now() > deadline) send(SIGKILL);
    pause();
  }
  Outcome outcome;
  if (WIFEXITED(status_)) outcome.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) outcome.signal = WTERMSIG(status_);
  outcome.out = file_bytes(out_);
  outcome.err = file_bytes(err_);
  return outcome;
}

Outcome run_program(const std::vector<std::string>& words, const fs::path& folder,
                    int64_t file_size_limit) {
  return Program(words, folder, {.file_size_limit = file_size_limit}).wait();
}

std::string describe(const Outcome& outcome) {
  std::string end = "exit code " + std::to_string(outcome.exit_code);
  if (outcome.signal != 0) end = "ended by signal " + std::to_string(outcome.signal);
  return end + "\n" + outcome.out + "\n" + outcome.err;
}

}  // namespace sana_test
