// A group whose members are threads of one process: for tests, in which it is as exact as it is
// quick, since sums are made in the order of ranks.
#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "core/distributed/communicator.h"

namespace sana {

class ThreadWorld {
 public:
  explicit ThreadWorld(int64_t size,
                       std::chrono::milliseconds timeout = std::chrono::milliseconds(20000));
  ~ThreadWorld();

  // Of one member; each is used by one thread.
  std::unique_ptr<Communicator> member(int64_t rank);

  // Runs `body` as every member, each in a thread of its own, and waits for all. Rethrows the first
  // error in the order of ranks.
  void run(const std::function<void(Communicator&)>& body);

  class Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace sana
