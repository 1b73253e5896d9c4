// The table of the launchers, looked at by a thread: a network that is cut holds nobody up.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "launch/agreement.h"

namespace sana {

class NodeTable {
 public:
  // Node 0 holds the table on this port of its host; the others wait until it does. Throws
  // EnvironmentError that names both when it is taken, or nobody answers in the longest wait;
  // UserError when a node of this number is there already; EnvironmentError where this build has no
  // c10d.
  NodeTable(const std::string& host, int64_t port, const AgreementOptions& options);
  // Node 0 waits, some seconds at most, until the others know how it ended.
  ~NodeTable();
  NodeTable(const NodeTable&) = delete;
  NodeTable& operator=(const NodeTable&) = delete;

  struct News {
    std::optional<NodeWorld> world;
    bool is_outdated = false;
    std::optional<ExitCode> over;
    std::string lost;  // why there is no table any more
  };
  News news() const;
  // As Agreement::ended(). The world of news() is gone at once.
  void ended(ExitCode code, const std::string& why);

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread's, too
};

}  // namespace sana
