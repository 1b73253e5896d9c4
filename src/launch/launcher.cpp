#include "launch/launcher.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "core/environment.h"
#include "core/log.h"
#include "core/signals.h"
#include "launch/child_process.h"
#include "launch/free_port.h"
#include "launch/node_table.h"

namespace sana {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPoll = std::chrono::milliseconds(20);

struct Place {
  std::string host;
  int64_t port = 0;
};

Place parse_rendezvous(const std::string& rendezvous) {
  const size_t colon = rendezvous.rfind(':');
  int64_t port = 0;
  const std::string text = colon == std::string::npos ? "" : rendezvous.substr(colon + 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  require(colon != 0 && error == std::errc() && end == text.data() + text.size() && port > 0 &&
              port < 65536,
          "--rendezvous is '{}', expected HOST:PORT of the first node", rendezvous);
  return {rendezvous.substr(0, colon), port};
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
  require(options.min_nodes >= 0 && options.min_nodes <= options.nodes && options.node_wait_s >= 0,
          "--min-nodes is {}, expected 1 to the {} of --nnodes", options.min_nodes, options.nodes);
  require(!options.command.empty(),
          "which command is to be launched? For example: launch --nproc 8 train CONFIG");
}

// Which of the processes of a round are this machine's, and where rank 0 meets the others.
struct Share {
  Place place;
  int64_t first_rank = 0;
  int64_t world_size = 1;
};

// All processes of this machine, from their start to their end.
class Attempt {
 public:
  Attempt(const LaunchOptions& options, const Share& share) : options_(options), share_(share) {
    for (int64_t local = 0; local < options.processes; ++local) start(local);
  }

  // The first failure; nothing when all ended well or a signal asked to stop. They are ended when
  // one failed, or when `is_in_vain` says so.
  std::optional<Ending> wait(const std::function<bool()>& is_in_vain = [] { return false; }) {
    std::optional<Clock::time_point> deadline;
    while (num_running() > 0) {
      for (auto& child : children_) child->read_lines();
      if (stop_signal() != 0 && !deadline) {
        send(stop_signal());
        deadline = Clock::now() + std::chrono::hours(24);  // it finishes its step and saves
      }
      if (!deadline && (find_failure() || is_in_vain())) {
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
  int64_t rank_of(int64_t local) const { return share_.first_rank + local; }

  void start(int64_t local) {
    const int64_t rank = rank_of(local);
    const ChildProcess::Variables variables = {
        {"RANK", std::to_string(rank)},
        {"WORLD_SIZE", std::to_string(share_.world_size)},
        {"LOCAL_RANK", std::to_string(local)},
        {"LOCAL_WORLD_SIZE", std::to_string(options_.processes)},
        {"MASTER_ADDR", share_.place.host},
        {"MASTER_PORT", std::to_string(share_.place.port)}};
    // On one machine they save and end; among several, a lost launcher is a lost machine, and a
    // signal to save would end the processes of all.
    const int when_orphaned = options_.nodes == 1 ? SIGTERM : SIGKILL;
    children_.push_back(std::make_unique<ChildProcess>(
        options_.command, variables, when_orphaned,
        [rank](const std::string& line, bool is_stdout) {
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

  // Looks for the first process that failed, before it made others fail; tells it once. Whether the
  // others have to be ended: where one was asked to stop, they stop by themselves, and a second
  // signal would keep rank 0 from saving.
  bool find_failure() {
    for (size_t local = 0; local < children_.size() && !has_failed(); ++local) {
      const auto ending = children_[local]->ending();
      if (!ending || ending->is_good() || (failure_ && is_stop(*ending))) continue;
      failure_ = ending;
      if (stop_signal() != 0) continue;
      const std::string who =
          fmt::format("rank {} (process {})", rank_of(int64_t(local)), children_[local]->pid());
      if (is_stop(*ending)) {
        log::info("{} was asked to stop; the others finish, too", who);
      } else {
        log::error("{} ended with {}; the other processes are ended", who, ending->text());
      }
    }
    return has_failed();
  }

  static bool is_stop(const Ending& ending) {
    return ending.exit_code == int(ExitCode::kTerminated);
  }
  bool has_failed() const { return failure_ && !is_stop(*failure_); }

  const LaunchOptions& options_;
  Share share_;
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

ExitCode launch_on_one(const LaunchOptions& options) {
  for (int64_t attempt = 0;; ++attempt) {
    const Share share = {{"127.0.0.1", free_port()}, 0, options.processes};
    const auto failure = Attempt(options, share).wait();
    if (!failure) return ExitCode::kOk;
    const ExitCode code = code_of(*failure);
    const bool may_restart = code == ExitCode::kEnvironment && stop_signal() == 0;
    if (!may_restart || attempt == options.max_restarts) return code;
    log::warning("starting again ({} of {} restarts)", attempt + 1, options.max_restarts);
  }
}

AgreementOptions agreement_options(const LaunchOptions& options) {
  AgreementOptions agreement;
  agreement.nodes = options.nodes;
  agreement.min_nodes = options.min_nodes == 0 ? options.nodes : options.min_nodes;
  agreement.node_rank = options.node_rank;
  agreement.max_restarts = options.max_restarts;
  agreement.wait = std::chrono::seconds(options.node_wait_s);
  return agreement;
}

// What comes next of the rounds: a world, or the end of all.
NodeTable::News next_news(const NodeTable& table) {
  while (true) {
    const NodeTable::News news = table.news();
    if (news.world || news.over || !news.lost.empty() || stop_signal() != 0) return news;
    std::this_thread::sleep_for(kPoll);
  }
}

Share share_of(const LaunchOptions& options, const std::string& host, const NodeWorld& world) {
  const auto& nodes = world.nodes;
  const auto index = std::find(nodes.begin(), nodes.end(), options.node_rank) - nodes.begin();
  return {{host, world.port},
          int64_t(index) * options.processes,
          int64_t(nodes.size()) * options.processes};
}

ExitCode launch_on_many(const LaunchOptions& options) {
  const Place meeting = parse_rendezvous(options.rendezvous);
  NodeTable table(meeting.host, meeting.port, agreement_options(options));
  ExitCode last = ExitCode::kOk;  // of the processes of this machine
  bool has_run = false;
  while (true) {
    const NodeTable::News news = next_news(table);
    if (news.over) {
      // One that could not save when all were to stop has failed.
      return *news.over == ExitCode::kTerminated && last != ExitCode::kOk ? last : *news.over;
    }
    if (!news.lost.empty()) {
      // Node 0 may have ended before this one asked it.
      if (has_run && last == ExitCode::kOk) return last;
      throw EnvironmentError(fmt::format(
          "node {} ({}) has lost the launcher of node 0 at {}:{}: {}. Start the same command on all "
          "nodes again; the run goes on from its newest checkpoint",
          options.node_rank, host_name(), meeting.host, meeting.port, news.lost));
    }
    if (!news.world) {  // a signal
      table.ended(ExitCode::kTerminated, "stopped by a signal");
      return ExitCode::kTerminated;
    }
    const auto failure = Attempt(options, share_of(options, meeting.host, *news.world)).wait([&] {
      const NodeTable::News now = table.news();
      // Where all were asked to stop, rank 0 may still be saving here.
      const bool is_failed =
          now.over && *now.over != ExitCode::kOk && *now.over != ExitCode::kTerminated;
      return now.is_outdated || is_failed;
    });
    has_run = true;
    last = failure ? code_of(*failure) : ExitCode::kOk;
    table.ended(last, failure ? "a process ended with " + failure->text() : "");
    if (stop_signal() != 0) return last;
  }
}

}  // namespace

ExitCode launch(const LaunchOptions& options) {
  check_options(options);
  install_stop_handlers();
  return options.nodes == 1 ? launch_on_one(options) : launch_on_many(options);
}

}  // namespace sana
