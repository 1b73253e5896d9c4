// Who takes part, when machines come, fail, are lost and return.
#include "launch/agreement.h"

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "support/catch.h"
#include "support/table_board.h"

namespace sana {
namespace {

using Nodes = std::vector<int64_t>;

// The launchers of a run, on a clock of their own.
class Launchers {
 public:
  explicit Launchers(AgreementOptions options) : options_(options) {
    for (int64_t node = 0; node < options.nodes; ++node) {
      boards_.push_back(
          std::make_unique<sana_test::TableBoard>(table_, std::make_shared<sana_test::Line>()));
      nodes_.push_back(nullptr);
      start(node);
    }
  }

  void start(int64_t node) {
    options_.node_rank = node;
    nodes_[size_t(node)] =
        std::make_unique<Agreement>(*boards_[size_t(node)], options_, [this] { return ++port_; });
    lost_.erase(node);
  }
  void lose(int64_t node) { lost_.insert(node); }

  void pass(double seconds) {
    for (double passed = 0; passed < seconds; passed += 0.5) {
      now_ += std::chrono::milliseconds(500);
      for (size_t node = 0; node < nodes_.size(); ++node) {
        if (lost_.count(int64_t(node)) == 0) nodes_[node]->tick(now_);
      }
    }
  }

  Agreement& of(int64_t node) { return *nodes_[size_t(node)]; }
  // Who takes part as this node knows it; empty: it waits.
  Nodes world(int64_t node) { return of(node).world() ? of(node).world()->nodes : Nodes(); }
  void check_world(const Nodes& expected) {
    for (const int64_t node : expected) {
      INFO("node " << node);
      CHECK(world(node) == expected);
      CHECK(of(node).world()->port == of(0).world()->port);
    }
  }

 private:
  AgreementOptions options_;
  std::shared_ptr<sana_test::Table> table_ = std::make_shared<sana_test::Table>();
  std::vector<std::unique_ptr<Board>> boards_;
  std::vector<std::unique_ptr<Agreement>> nodes_;
  std::set<int64_t> lost_;
  SteadyClock::time_point now_;
  int64_t port_ = 1000;
};

AgreementOptions three_nodes(int64_t min_nodes) {
  AgreementOptions options;
  options.nodes = 3;
  options.min_nodes = min_nodes;
  options.max_restarts = 2;
  return options;
}

TEST_CASE("a round begins when all are there", "[launch]") {
  Launchers launchers(three_nodes(1));
  launchers.lose(1);  // not there yet
  launchers.pass(30);
  CHECK(launchers.world(0).empty());
  launchers.start(1);
  launchers.pass(3);
  launchers.check_world({0, 1, 2});
  launchers.pass(1000);
  launchers.check_world({0, 1, 2});
}

TEST_CASE("when processes of one machine fail, those of all begin again, so many times",
          "[launch]") {
  Launchers launchers(three_nodes(3));
  launchers.pass(3);
  for (int64_t round = 0; round < 3; ++round) {
    launchers.check_world({0, 1, 2});
    CHECK(launchers.of(0).world()->round == round);
    launchers.of(1).ended(ExitCode::kEnvironment, "lost rank 5");
    launchers.pass(1);
    if (round == 2) break;
    CHECK(launchers.world(1).empty());  // it does not begin the old one again
    for (const int64_t node : {0, 2}) {
      CHECK(launchers.of(node).is_outdated());
      CHECK_FALSE(launchers.of(node).over());
      launchers.of(node).ended(ExitCode::kTerminated, "ended by its launcher");
    }
    launchers.pass(3);
  }
  for (const int64_t node : {0, 1, 2}) {
    CHECK(launchers.of(node).over() == ExitCode::kEnvironment);
  }
}

TEST_CASE("a run goes on without a lost machine, when it has been waited for", "[launch]") {
  Launchers launchers(three_nodes(2));
  launchers.pass(3);
  launchers.lose(2);
  for (const int64_t node : {0, 1}) launchers.of(node).ended(ExitCode::kEnvironment, "lost rank 5");
  launchers.pass(55);
  CHECK(launchers.world(0).empty());
  launchers.pass(10);
  launchers.check_world({0, 1});
  CHECK(launchers.of(0).world()->round == 1);

  // It returns, and takes part from the next round on.
  launchers.start(2);
  launchers.pass(100);
  CHECK(launchers.world(2).empty());
  launchers.check_world({0, 1});
  for (const int64_t node : {0, 1}) launchers.of(node).ended(ExitCode::kEnvironment, "lost rank 1");
  launchers.pass(3);
  launchers.check_world({0, 1, 2});
}

TEST_CASE("a machine that came too late and goes again ends nobody's run", "[launch]") {
  Launchers launchers(three_nodes(2));
  launchers.lose(2);
  launchers.pass(70);
  launchers.check_world({0, 1});
  launchers.start(2);
  launchers.pass(10);
  launchers.of(2).ended(ExitCode::kTerminated, "stopped by a signal");
  launchers.pass(3);
  launchers.check_world({0, 1});
  for (const int64_t node : {0, 1}) {
    CHECK_FALSE(launchers.of(node).over());
    CHECK_FALSE(launchers.of(node).is_outdated());
  }
}

TEST_CASE("a machine that is lost while it waits is not counted", "[launch]") {
  Launchers launchers(three_nodes(2));
  launchers.pass(3);
  for (const int64_t node : {0, 1, 2}) launchers.of(node).ended(ExitCode::kEnvironment, "x");
  launchers.pass(0.5);
  launchers.of(2).tick(SteadyClock::time_point());  // it asks for the round, once
  launchers.lose(2);
  launchers.pass(20);
  CHECK(launchers.world(0).empty());
  launchers.pass(50);
  launchers.check_world({0, 1});
}

TEST_CASE("a launcher that is started again does not step into a round that runs", "[launch]") {
  Launchers launchers(three_nodes(2));
  launchers.pass(3);
  launchers.start(1);
  launchers.pass(3);
  CHECK(launchers.world(1).empty());
  for (const int64_t node : {0, 2}) {
    REQUIRE(launchers.of(node).is_outdated());
    launchers.of(node).ended(ExitCode::kEnvironment, "ended by its launcher");
  }
  launchers.pass(3);
  launchers.check_world({0, 1, 2});
  CHECK(launchers.of(0).world()->round == 1);
}

TEST_CASE("with too few machines nothing is started, and all are told", "[launch]") {
  Launchers launchers(three_nodes(3));
  launchers.lose(2);
  launchers.pass(590);
  CHECK_FALSE(launchers.of(0).over());
  launchers.pass(20);
  for (const int64_t node : {0, 1}) CHECK(launchers.of(node).over() == ExitCode::kEnvironment);
  CHECK(launchers.of(0).are_all_told());
}

TEST_CASE("wrong input and a wish to stop end all, whatever restarts are left", "[launch]") {
  for (const ExitCode code : {ExitCode::kUser, ExitCode::kTerminated, ExitCode::kBug}) {
    Launchers launchers(three_nodes(1));
    launchers.pass(3);
    launchers.of(2).ended(code, "why");
    launchers.pass(1);
    for (const int64_t node : {0, 1, 2}) CHECK(launchers.of(node).over() == code);
  }
}

TEST_CASE("a run is over when all machines have ended well", "[launch]") {
  Launchers launchers(three_nodes(3));
  launchers.pass(3);
  launchers.of(0).ended(ExitCode::kOk, "");
  launchers.of(2).ended(ExitCode::kOk, "");
  launchers.pass(10);
  CHECK_FALSE(launchers.of(0).over());
  CHECK_FALSE(launchers.of(2).over());
  SECTION("the last ends well, too") {
    launchers.of(1).ended(ExitCode::kOk, "");
    launchers.pass(1);
    for (const int64_t node : {0, 1, 2}) CHECK(launchers.of(node).over() == ExitCode::kOk);
    CHECK(launchers.of(0).are_all_told());
  }
  SECTION("the last fails: all begin again") {
    launchers.of(1).ended(ExitCode::kEnvironment, "the disk is full");
    launchers.pass(3);
    launchers.check_world({0, 1, 2});
    CHECK(launchers.of(0).world()->round == 1);
  }
}

}  // namespace
}  // namespace sana
