#include "launch/node_table.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/distributed/table.h"
#include "core/environment.h"
#include "core/error.h"
#include "launch/free_port.h"

namespace sana {
namespace {

constexpr auto kPause = std::chrono::milliseconds(200);
// Without an answer for so long, the table counts as lost.
constexpr auto kSilence = std::chrono::seconds(20);
constexpr auto kToldWithin = std::chrono::seconds(5);

}  // namespace

struct NodeTable::State {
  std::unique_ptr<Board> board;
  AgreementOptions options;

  mutable std::mutex lock;  // of what follows
  std::condition_variable changed;
  News news;
  std::optional<std::pair<ExitCode, std::string>> ended;  // not passed on yet
  SteadyClock::time_point answered_at = SteadyClock::now();
  bool is_closing = false, are_all_told = false, is_over = false;

  void run() {
    Agreement agreement(*board, options, free_port);
    std::unique_lock guard(lock);
    while (!is_closing || ended || (options.node_rank == 0 && news.over && !are_all_told)) {
      const auto end = std::exchange(ended, std::nullopt);
      guard.unlock();
      News found;
      bool all_told = false;
      try {
        if (end) agreement.ended(end->first, end->second);
        agreement.tick(SteadyClock::now());
        found = {agreement.world(), agreement.is_outdated(), agreement.over(), ""};
        all_told = found.over && agreement.are_all_told();
      } catch (const std::exception& error) {
        found.lost = error.what();
        found.lost = found.lost.substr(0, found.lost.find('\n'));
      }
      guard.lock();
      // What ended meanwhile is of the world before.
      if (!ended) news = found;
      are_all_told = all_told;
      answered_at = SteadyClock::now();
      changed.notify_all();
      if (!found.lost.empty()) break;
      changed.wait_for(guard, kPause, [&] { return ended || is_closing; });
    }
    is_over = true;
    changed.notify_all();
  }
};

NodeTable::NodeTable(const std::string& host, int64_t port, const AgreementOptions& options)
    : state_(std::make_shared<State>()) {
  state_->options = options;
  state_->board =
      open_table({host, uint16_t(port), "launchers"}, options.node_rank == 0, options.longest_wait);
  const std::string key = fmt::format("node/{}", options.node_rank);
  // A node that was started again has the same host.
  const std::string first = state_->board->put_first(key, host_name());
  require(first == host_name(), "node {} is {}, and {} says that it is node {}, too: --node-rank",
          options.node_rank, first, host_name(), options.node_rank);
  std::thread([state = state_] { state->run(); }).detach();
}

NodeTable::~NodeTable() {
  std::unique_lock guard(state_->lock);
  state_->is_closing = true;
  state_->changed.notify_all();
  state_->changed.wait_for(guard, kToldWithin, [&] { return state_->is_over; });
}

NodeTable::News NodeTable::news() const {
  const std::lock_guard guard(state_->lock);
  News news = state_->news;
  const auto silent = SteadyClock::now() - state_->answered_at;
  if (news.lost.empty() && silent > kSilence) {
    news.lost = fmt::format("no answer for {} s",
                            std::chrono::duration_cast<std::chrono::seconds>(silent).count());
  }
  return news;
}

void NodeTable::ended(ExitCode code, const std::string& why) {
  const std::lock_guard guard(state_->lock);
  state_->ended = {code, why};
  state_->news.world.reset();
  state_->news.is_outdated = false;
  state_->changed.notify_all();
}

}  // namespace sana
