#include "launch/agreement.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/environment.h"
#include "core/json_dump.h"
#include "core/log.h"

namespace sana {
namespace {

std::string text_of(const NodeWorld& world) {
  return dump_json(nlohmann::json{{"nodes", world.nodes}, {"port", world.port}});
}

NodeWorld parse_world(int64_t round, const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    return {round, json.at("nodes").get<std::vector<int64_t>>(), json.at("port").get<int64_t>()};
  } catch (const nlohmann::json::exception& error) {
    throw InternalError(fmt::format("a world of nodes is '{}': {}", text, error.what()));
  }
}

std::string failed_key(int64_t round) { return fmt::format("failed/{}", round); }
std::string done_key(int64_t round, int64_t node) { return fmt::format("done/{}/{}", round, node); }
std::string told_key(int64_t node) { return fmt::format("told/{}", node); }
std::string join_key(int64_t round, int64_t node) { return fmt::format("join/{}/{}", round, node); }

}  // namespace

Agreement::Agreement(Board& board, const AgreementOptions& options,
                     std::function<int64_t()> free_port)
    : board_(board), options_(options), free_port_(std::move(free_port)) {}

void Agreement::tick(SteadyClock::time_point now) {
  if (over_) return;
  report();
  if (options_.node_rank == 0) lead(now);
  look();
}

void Agreement::ended(ExitCode code, const std::string& why) {
  // Without a world: a signal came while it waited.
  end_ = End{world_ ? world_->round : std::max<int64_t>(open_round_, 0), code, why,
             /*took_part=*/world_.has_value()};
  world_.reset();
}

// What the processes of this node came to.
void Agreement::report() {
  if (!end_) return;
  // One that came too late for a round and goes again ends nobody's run.
  const bool has_begun = board_.find(fmt::format("world/{}", end_->round)).has_value();
  if (!end_->took_part && has_begun) return;
  const std::string node = fmt::format("node {} ({})", options_.node_rank, host_name());
  if (end_->code == ExitCode::kOk) {
    board_.put(done_key(end_->round, options_.node_rank), node);
  } else {
    board_.put_first(failed_key(end_->round),
                     dump_json(nlohmann::json{{"code", int(end_->code)},
                                              {"why", fmt::format("{}: {}", node, end_->why)}}));
  }
}

void Agreement::look() {
  if (const auto over = board_.find("over")) {
    over_ = ExitCode(std::stoi(*over));
    board_.put(told_key(options_.node_rank), "told");
    return;
  }
  const auto round = board_.find("round");
  if (!round) return;
  open_round_ = std::stoll(*round);
  if (world_) return;
  if (end_ && end_->round >= open_round_) return;  // those of others still run
  end_.reset();
  join();
}

// This node waits; its place in the round, if it has one, is known when that is closed.
void Agreement::join() {
  if (const auto text = board_.find(fmt::format("world/{}", open_round_))) {
    const NodeWorld world = parse_world(open_round_, *text);
    const auto& nodes = world.nodes;
    const bool takes_part =
        std::find(nodes.begin(), nodes.end(), options_.node_rank) != nodes.end();
    if (takes_part && asked_round_ == open_round_) {
      world_ = world;
      return;
    }
    if (takes_part) {
      // The processes that it stands for have ended with the launcher before this one.
      end_ = End{open_round_, ExitCode::kEnvironment, "its launcher was started again"};
      return;
    }
    // It came too late, and waits for the next one.
  }
  asked_round_ = open_round_;
  board_.put(join_key(open_round_, options_.node_rank),
             fmt::format("{} {}", ++num_joins_, host_name()));
}

void Agreement::lead(SteadyClock::time_point now) {
  if (led_) {
    watch_round();
  } else if (opened_at_) {
    gather(now);
  }
  if (!led_ && !opened_at_) open(now);
}

void Agreement::open(SteadyClock::time_point now) {
  opened_at_ = now;
  waiting_.clear();
  board_.put("round", std::to_string(led_round_));
}

// Who waits for the open round, as of now.
void Agreement::gather(SteadyClock::time_point now) {
  for (int64_t node = 0; node < options_.nodes; ++node) {
    const auto text = board_.find(join_key(led_round_, node));
    if (!text) continue;
    auto [seen, is_new] = waiting_.try_emplace(node, Seen{*text, now, false});
    // What it wrote before may be all that is left of it.
    if (!is_new && seen->second.text != *text) seen->second = {*text, now, true};
  }
  std::erase_if(waiting_,
                [&](const auto& item) { return now - item.second.at > options_.silence; });
  const auto waited = now - *opened_at_;
  const auto count = std::count_if(waiting_.begin(), waiting_.end(),
                                   [](const auto& item) { return item.second.is_alive; });
  const bool is_in = is_waiting(0);  // rank 0 runs here
  if (is_in &&
      (count == options_.nodes || (count >= options_.min_nodes && waited > options_.wait))) {
    close();
  } else if (waited > std::max(options_.longest_wait, options_.wait)) {
    finish(ExitCode::kEnvironment,
           fmt::format("{} of {} nodes came within {} s, and {} are the fewest (--min-nodes)",
                       count, options_.nodes,
                       std::chrono::duration_cast<std::chrono::seconds>(waited).count(),
                       options_.min_nodes));
  }
}

void Agreement::close() {
  NodeWorld world;
  world.round = led_round_;
  world.port = free_port_();
  std::vector<int64_t> missing;
  for (int64_t node = 0; node < options_.nodes; ++node) {
    (is_waiting(node) ? world.nodes : missing).push_back(node);
  }
  if (!missing.empty()) {
    log::warning(
        "node {} did not come within {} s: round {} begins with {} of {} nodes, and batches of all "
        "processes are so much smaller (a new epoch begins where that differs from before)",
        fmt::join(missing, ", "), options_.wait.count(), world.round, world.nodes.size(),
        options_.nodes);
  }
  board_.put(fmt::format("world/{}", world.round), text_of(world));
  led_ = world;
  opened_at_.reset();
}

void Agreement::watch_round() {
  if (const auto text = board_.find(failed_key(led_->round))) {
    const auto json = nlohmann::json::parse(*text);
    const auto code = ExitCode(json.at("code").get<int>());
    const auto why = json.at("why").get<std::string>();
    if (code != ExitCode::kEnvironment || led_->round >= options_.max_restarts) {
      finish(code, why);
    } else {
      log::warning("{}; starting again ({} of {} restarts)", why, led_->round + 1,
                   options_.max_restarts);
      led_.reset();
      ++led_round_;
    }
    return;
  }
  const bool is_done = std::all_of(led_->nodes.begin(), led_->nodes.end(), [&](int64_t node) {
    return board_.find(done_key(led_->round, node)).has_value();
  });
  if (is_done) finish(ExitCode::kOk, "");
}

bool Agreement::is_waiting(int64_t node) const {
  const auto found = waiting_.find(node);
  return found != waiting_.end() && found->second.is_alive;
}

bool Agreement::are_all_told() const {
  for (int64_t node = 0; node < options_.nodes; ++node) {
    const bool takes_part =
        is_waiting(node) || (led_ && std::count(led_->nodes.begin(), led_->nodes.end(), node) != 0);
    if (takes_part && !board_.find(told_key(node))) return false;
  }
  return true;
}

void Agreement::finish(ExitCode code, const std::string& why) {
  if (!why.empty()) log::error("{}; nothing more is started", why);
  board_.put("over", std::to_string(int(code)));
}

}  // namespace sana
