// The processes of a training, each started by itself: no launcher ends the others.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/plain_file.h"
#include "end_to_end/tiny_project.h"

namespace sana_test {

// A socket that listens on a free port of this host and says nothing.
struct Listener {
  Listener();
  sana::Descriptor socket;
  int port = 0;
};

// A port that nobody uses now.
int unused_port();

// Where a rank runs.
struct RankPlace {
  int64_t file_size_limit = 0;
  std::filesystem::path folder = {};  // empty: that of the project
  const Host* host = nullptr;
  std::string address = {};  // where it meets the others; empty: where all do
};

class Ranks {
 public:
  // They meet at `address`.
  Ranks(const TinyProject& project, int64_t count, int port = unused_port(),
        std::string address = "127.0.0.1");

  void start(int64_t rank, const std::vector<std::string>& words, const RankPlace& place = {});
  // The first so many, with configuration, number of steps and kQuick.
  void start_all(const std::string& run, int64_t steps, const std::vector<std::string>& more = {});

  Program& of(int64_t rank) { return *programs_.at(size_t(rank)); }
  // How a rank, the so-manieth that was started, ends by itself: within a minute.
  Outcome end_of(int64_t rank) { return of(rank).wait(std::chrono::seconds(60)); }
  // Waits until some steps are done.
  bool is_under_way(const std::string& run);

 private:
  const TinyProject& project_;
  int64_t count_;
  int port_;
  std::string address_;
  std::vector<std::unique_ptr<Program>> programs_;
};

// Batches of one, and silences that are short enough for a test and long enough for a machine with
// much to do.
const std::vector<std::string>& quick_words();
std::vector<std::string> joined(std::vector<std::string> words,
                                const std::vector<std::string>& more);

// What is there is whole: the run goes on from it, with one process.
void check_goes_on(const TinyProject& project, const std::string& run);

}  // namespace sana_test
