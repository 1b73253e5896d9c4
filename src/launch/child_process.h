// A process that is started, watched and ended, with what it writes line by line.
#pragma once
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/plain_file.h"

namespace sana {

// How a process ended.
struct Ending {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;
  bool is_good() const { return exit_code == 0; }
  // "exit code 3", "signal 9 (Killed)"
  std::string text() const;
};

class ChildProcess {
 public:
  using Variables = std::vector<std::pair<std::string, std::string>>;
  // A whole line, without its end, and whether it was written to stdout.
  using LineReader = std::function<void(const std::string& line, bool is_stdout)>;

  // Starts `words` with these variables beside its parent's; it gets the signal `when_orphaned` when
  // the parent dies. Throws EnvironmentError when it cannot be started.
  ChildProcess(const std::vector<std::string>& words, const Variables& variables, int when_orphaned,
               LineReader on_line);
  // Kills what still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const;
  // Hands on what was written meanwhile.
  void read_lines();
  // Nothing while it runs. What it wrote last has been handed on then.
  std::optional<Ending> ending();

 private:
  struct Pipe {
    Descriptor end;
    std::string rest;  // of an unfinished line
    bool is_stdout = false;
  };
  void read_from(Pipe& pipe);
  void hand_on_rests();

  pid_t pid_ = -1;
  Pipe out_, err_;
  LineReader on_line_;
  std::optional<Ending> ending_;
};

}  // namespace sana
