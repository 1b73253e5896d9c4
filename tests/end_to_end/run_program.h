// Runs the program as a child process.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sana_test {

// How a run ended and what it wrote.
struct Outcome {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;      // that signal, or 0
  std::string out, err;
};

struct Host;

// How a program is started.
struct ProgramSetting {
  // No file grows beyond so many bytes, as on a full disk; 0: no limit.
  int64_t file_size_limit = 0;
  const Host* host = nullptr;  // empty: this one
  std::string name = {};       // tells its output from that of others in the folder
  std::vector<std::pair<std::string, std::string>> variables = {};  // of the environment
};

// One running `sana-video WORDS...`. The child dies with its object and with the test.
class Program {
 public:
  // `folder`: where it runs; its output is caught in files there.
  Program(const std::vector<std::string>& words, const std::filesystem::path& folder,
          const ProgramSetting& setting = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  bool is_running();
  void send(int signal);
  // Waits for the end. A run that takes longer than `limit` is killed (signal is SIGKILL then).
  Outcome wait(std::chrono::seconds limit = std::chrono::seconds(120));
  // Polls until `done()` is true. False when the program ends or two minutes pass before.
  template <class Condition>
  bool wait_until(Condition&& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (!done()) {
      if (!is_running() || std::chrono::steady_clock::now() > deadline) return false;
      pause();
    }
    return true;
  }

 private:
  static void pause();  // two milliseconds

  std::filesystem::path out_, err_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

// Runs it to its end.
Outcome run_program(const std::vector<std::string>& words, const std::filesystem::path& folder,
                    int64_t file_size_limit = 0);

// "exit code 2\n<stdout>\n<stderr>" for INFO.
std::string describe(const Outcome& outcome);

}  // namespace sana_test
