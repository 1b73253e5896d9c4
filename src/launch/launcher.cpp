#include "launch/launcher.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "core/log.h"
#include "core/signals.h"
#include "launch/child_process.h"

namespace sana {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPoll = std::chrono::milliseconds(20);

struct Place {
  std::string host;
  int64_t port = 0;
};

// A port that nobody uses now.
int64_t free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool ok = socket.get() >= 0 && ::bind(socket.get(), any, size) == 0 &&
                  ::getsockname(socket.get(), any, &size) == 0;
  if (!ok) throw EnvironmentError("no port is free on this host");
  return ntohs(address.sin_port);
}

Place meeting_place(const LaunchOptions& options) {
  if (options.rendezvous.empty()) return {"127.0.0.1", free_port()};
  const size_t colon = options.rendezvous.rfind(':');
  int64_t port = 0;
  const std::string text = colon == std::string::npos ? "" : options.rendezvous.substr(colon + 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  require(colon != 0 && error == std::errc() && end == text.data() + text.size() && port > 0 &&
              port < 65536,
          "--rendezvous is '{}', expected HOST:PORT of the first node", options.rendezvous);
  return {options.rendezvous.substr(0, colon), port};
}

void check_options(const LaunchOptions& options) {
  require(options.processes >= 1 && options.nodes >= 1 && options.max_restarts >= 0,
          "--nproc and --nnodes are at least 1, --max-restarts at least 0");
  require(options.node_rank >= 0 && options.node_rank < options.nodes,
          "--node-rank is {}, expected 0 to {}: the nodes are counted from 0", options.node_rank,
          options.nodes - 1);
  require(
      options.nodes == 1 || !options.rendezvous.empty(),
      "{} nodes need --rendezvous HOST:PORT: the name of the first node and a port that is free "
      "there, the same on all",
      options.nodes);
  require(!options.command.empty(),
          "which command is to be launched? For example: launch --nproc 8 train CONFIG");
}

// All processes of this machine, from their start to their end.
class Attempt {
 public:
  Attempt(const LaunchOptions& options, const Place& place) : options_(options) {
    for (int64_t local = 0; local < options.processes; ++local) start(local, place);
  }

  // The first failure; nothing when all ended well or a signal asked to stop.
  std::optional<Ending> wait() {
    std::optional<Clock::time_point> deadline;
    while (num_running() > 0) {
      for (auto& child : children_) child->read_lines();
      if (stop_signal() != 0 && !deadline) {
        send(stop_signal());
        deadline = Clock::now() + std::chrono::hours(24);  // it finishes its step and saves
      }
      if (!failure_ && find_failure() && !deadline) {
        send(SIGTERM);
        deadline = Clock::now() + std::chrono::seconds(options_.grace_s);
      }
      if (deadline && Clock::now() > *deadline) send(SIGKILL);
      std::this_thread::sleep_for(kPoll);
    }
    find_failure();
    return failure_;
  }

 private:
  int64_t rank_of(int64_t local) const { return options_.node_rank * options_.processes + local; }

  void start(int64_t local, const Place& place) {
    const int64_t rank = rank_of(local);
    const ChildProcess::Variables variables = {
        {"RANK", std::to_string(rank)},
        {"WORLD_SIZE", std::to_string(options_.nodes * options_.processes)},
        {"LOCAL_RANK", std::to_string(local)},
        {"LOCAL_WORLD_SIZE", std::to_string(options_.processes)},
        {"MASTER_ADDR", place.host},
        {"MASTER_PORT", std::to_string(place.port)}};
    children_.push_back(std::make_unique<ChildProcess>(
        options_.command, variables, [rank](const std::string& line, bool is_stdout) {
          if (is_stdout && rank == 0) {
            std::cout << line << std::endl;
          } else {
            std::cerr << fmt::format("[{}] {}\n", rank, line) << std::flush;
          }
        }));
  }

  void send(int signal) {
    for (auto& child : children_) child->send(signal);
  }

  int64_t num_running() {
    int64_t count = 0;
    for (auto& child : children_) count += child->ending() ? 0 : 1;
    return count;
  }

  // The first process that failed, before it made others fail; told once.
  bool find_failure() {
    for (size_t local = 0; local < children_.size() && !failure_; ++local) {
      const auto ending = children_[local]->ending();
      if (!ending || ending->is_good()) continue;
      failure_ = ending;
      if (stop_signal() == 0) {
        log::error("rank {} (process {}) ended with {}; the other processes are ended",
                   rank_of(int64_t(local)), children_[local]->pid(), ending->text());
      }
    }
    return failure_.has_value();
  }

  const LaunchOptions& options_;
  std::vector<std::unique_ptr<ChildProcess>> children_;
  std::optional<Ending> failure_;
};

ExitCode code_of(const Ending& ending) {
  switch (ending.exit_code) {
    case int(ExitCode::kUser):
    case int(ExitCode::kBug):
    case int(ExitCode::kTerminated):
      return ExitCode(ending.exit_code);
    default:
      return ExitCode::kEnvironment;
  }
}

}  // namespace

ExitCode launch(const LaunchOptions& options) {
  check_options(options);
  install_stop_handlers();
  for (int64_t attempt = 0;; ++attempt) {
    const auto failure = Attempt(options, meeting_place(options)).wait();
    if (!failure) return ExitCode::kOk;
    const ExitCode code = code_of(*failure);
    const bool may_restart = code == ExitCode::kEnvironment && stop_signal() == 0;
    if (!may_restart || attempt == options.max_restarts) return code;
    log::warning("starting again ({} of {} restarts)", attempt + 1, options.max_restarts);
  }
}

}  // namespace sana
