// How the launchers of several machines agree on who takes part: in rounds, by a table that the
// launcher of node 0 holds.
//
//   round              the number of the open round; node 0 raises it when processes have failed
//   join/R/K           node K waits for round R; written again and again, so that a lost one shows
//   world/R            who takes part in round R, and the port of rank 0: what node 0 decided
//   failed/R, done/R/K how the processes of a node ended
//   over, told/K       the exit code of all: nothing more is started; node K has read it
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/distributed/board.h"
#include "core/error.h"

namespace sana {

// The nodes of a round, by number; the first processes are those of the first.
struct NodeWorld {
  int64_t round = 0;
  std::vector<int64_t> nodes;
  int64_t port = 0;  // where rank 0 meets the others, on the host of node 0
};

struct AgreementOptions {
  int64_t nodes = 1;      // that the run is for
  int64_t min_nodes = 1;  // that it goes on with
  int64_t node_rank = 0;
  int64_t max_restarts = 0;  // what node 0 was told counts
  // How long a round waits for nodes that are not there when it could begin without them.
  std::chrono::seconds wait = std::chrono::seconds(60);
  // How long it waits for the fewest.
  std::chrono::seconds longest_wait = std::chrono::seconds(600);
  // A node that waits and is not heard of for longer does not count.
  std::chrono::milliseconds silence = std::chrono::seconds(10);
};

// One node's part. tick() looks at the table and says what there is to say; it is called several
// times a second, with growing times, and passes on what the table throws. Everything else returns
// at once. Used by one thread at a time.
class Agreement {
 public:
  // `free_port` is asked for on node 0.
  Agreement(Board& board, const AgreementOptions& options, std::function<int64_t()> free_port);

  void tick(SteadyClock::time_point now);

  // The processes of this node are to run in this world; nothing while it waits for a round.
  const std::optional<NodeWorld>& world() const { return world_; }
  // Another round than that of world() has begun to form: these processes are to end.
  bool is_outdated() const { return world_ && open_round_ > world_->round; }
  // All are to end with this code.
  std::optional<ExitCode> over() const { return over_; }

  // Of node 0: whether all who take part have read that.
  bool are_all_told() const;

  // The processes of this node have ended, all well or with a failure; `why` is for the others.
  void ended(ExitCode code, const std::string& why);

 private:
  void look();
  void join();
  void report();
  void lead(SteadyClock::time_point now);
  void open(SteadyClock::time_point now);
  void gather(SteadyClock::time_point now);
  void close();
  void watch_round();
  bool is_waiting(int64_t node) const;
  void finish(ExitCode code, const std::string& why);

  struct Seen {
    std::string text;
    SteadyClock::time_point at;
    bool is_alive = false;  // it wrote twice
  };
  struct End {
    int64_t round;
    ExitCode code;
    std::string why;
    bool took_part = true;  // in a world; else it only waited
  };

  Board& board_;
  AgreementOptions options_;
  std::function<int64_t()> free_port_;
  int64_t open_round_ = -1;   // -1: not known yet
  int64_t asked_round_ = -1;  // the last that it waited for
  int64_t num_joins_ = 0;
  std::optional<NodeWorld> world_;
  std::optional<End> end_;  // of the processes of the world before, until a new round is open
  std::optional<ExitCode> over_;
  // Of node 0.
  int64_t led_round_ = 0;
  std::optional<NodeWorld> led_;                      // once it has begun
  std::optional<SteadyClock::time_point> opened_at_;  // before
  std::map<int64_t, Seen> waiting_;
};

}  // namespace sana
