#include "end_to_end/ranks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/catch.h"

namespace sana_test {
namespace fs = std::filesystem;

Listener::Listener() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), any, size) != 0 || ::listen(socket.get(), 16) != 0 ||
      ::getsockname(socket.get(), any, &size) != 0) {
    throw std::runtime_error("no port is free");
  }
  port = ntohs(address.sin_port);
}

int unused_port() { return Listener().port; }

const std::vector<std::string>& quick_words() {
  static const std::vector<std::string> words = {"data.batch_size=1", "data.image_batch_size=1",
                                                 "parallel.silence_s=3"};
  return words;
}

std::vector<std::string> joined(std::vector<std::string> words,
                                const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Ranks::Ranks(const TinyProject& project, int64_t count, int port, std::string address)
    : project_(project), count_(count), port_(port), address_(std::move(address)) {}

void Ranks::start(int64_t rank, const std::vector<std::string>& words, const RankPlace& place) {
  ProgramSetting setting;
  setting.file_size_limit = place.file_size_limit;
  setting.host = place.host;
  setting.variables = {{"RANK", std::to_string(rank)},
                       {"WORLD_SIZE", std::to_string(count_)},
                       {"LOCAL_RANK", std::to_string(rank)},
                       {"MASTER_ADDR", place.address.empty() ? address_ : place.address},
                       {"MASTER_PORT", std::to_string(port_)}};
  setting.name = "-" + std::to_string(rank);
  const fs::path folder = place.folder.empty() ? project_.folder().path() : place.folder;
  programs_.push_back(std::make_unique<Program>(words, folder, setting));
}

void Ranks::start_all(const std::string& run, int64_t steps, const std::vector<std::string>& more) {
  for (int64_t rank = 0; rank < count_; ++rank) {
    start(rank, project_.train_words(run, steps, joined(quick_words(), more)));
  }
}

bool Ranks::is_under_way(const std::string& run) {
  const fs::path metrics = project_.path(run + "/metrics.jsonl");
  const bool is_begun =
      of(0).wait_until([&] { return fs::exists(metrics) && fs::file_size(metrics) > 1000; });
  // For more than the first sign of life of each.
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  return is_begun && of(0).is_running();
}

void check_goes_on(const TinyProject& project, const std::string& run) {
  const int64_t saved = project.newest_step(run);
  REQUIRE(saved >= 0);
  const Outcome rest = project.train(run, saved + 2, quick_words());
  INFO(describe(rest));
  CHECK(rest.exit_code == 0);
  CHECK(project.newest_step(run) == saved + 2);
}

}  // namespace sana_test
