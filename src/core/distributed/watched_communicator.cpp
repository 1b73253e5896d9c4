#include "core/distributed/watched_communicator.h"

#include <utility>

#include "core/error.h"

namespace sana {
namespace {

class WatchedCommunicator final : public Communicator {
 public:
  WatchedCommunicator(std::unique_ptr<Communicator> group, std::string name,
                      std::shared_ptr<Watchdog> watchdog)
      : watchdog_(std::move(watchdog)), group_(std::move(group)), name_(std::move(name)) {}

  int64_t rank() const override { return group_->rank(); }
  int64_t size() const override { return group_->size(); }

  std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                            Reduction reduction) override {
    return start(name, [&] { return group_->start_all_reduce(name, tensor, reduction); });
  }
  std::unique_ptr<Pending> start_reduce_scatter(const std::string& name, at::Tensor part,
                                                at::Tensor tensor) override {
    return start(name, [&] { return group_->start_reduce_scatter(name, part, tensor); });
  }
  std::unique_ptr<Pending> start_all_gather(const std::string& name, at::Tensor tensor,
                                            at::Tensor part) override {
    return start(name, [&] { return group_->start_all_gather(name, tensor, part); });
  }
  std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                          at::Tensor sent, std::vector<int64_t> counts) override {
    return start(name, [&] { return group_->start_exchange(name, received, sent, counts); });
  }
  std::unique_ptr<Pending> start_broadcast(const std::string& name, at::Tensor tensor,
                                           int64_t root) override {
    return start(name, [&] { return group_->start_broadcast(name, tensor, root); });
  }
  void barrier(const std::string& name, bool patient) override {
    const std::string what = begin(name);
    wait(*watchdog_, what, [&] { group_->barrier(name, patient); });
  }
  std::unique_ptr<Communicator> split(const std::string& name,
                                      const std::vector<int64_t>& members) override {
    const std::string what = begin(name);
    std::unique_ptr<Communicator> part;
    wait(*watchdog_, what, [&] { part = group_->split(name, members); });
    return watched(std::move(part), name_ + "/" + name, watchdog_);
  }

 private:
  class Watched final : public Pending {
   public:
    Watched(std::unique_ptr<Pending> pending, std::string what, std::shared_ptr<Watchdog> watchdog)
        : pending_(std::move(pending)), what_(std::move(what)), watchdog_(std::move(watchdog)) {}
    void wait() override {
      WatchedCommunicator::wait(*watchdog_, what_, [&] { pending_->wait(); });
    }

   private:
    std::unique_ptr<Pending> pending_;
    std::string what_;
    std::shared_ptr<Watchdog> watchdog_;
  };

  std::string begin(const std::string& name) {
    watchdog_->throw_if_failed();
    std::string what = fmt::format("'{}' of {}", name, name_);
    watchdog_->begin(what);
    return what;
  }

  template <class Body>
  static void explained(Watchdog& watchdog, Body&& body) {
    try {
      body();
    } catch (const EnvironmentError& error) {
      watchdog.explain(error.what());
    }
  }

  template <class Body>
  static void wait(Watchdog& watchdog, const std::string& what, Body&& body) {
    watchdog.wait_begins(what);
    explained(watchdog, body);
    watchdog.wait_ends();
  }

  template <class Body>
  std::unique_ptr<Pending> start(const std::string& name, Body&& body) {
    const std::string what = begin(name);
    std::unique_ptr<Pending> pending;
    explained(*watchdog_, [&] { pending = body(); });
    return std::make_unique<Watched>(std::move(pending), what, watchdog_);
  }

  std::shared_ptr<Watchdog> watchdog_;  // first: it watches the end of the group, too
  std::unique_ptr<Communicator> group_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Communicator> watched(std::unique_ptr<Communicator> group, std::string name,
                                      std::shared_ptr<Watchdog> watchdog) {
  return std::make_unique<WatchedCommunicator>(std::move(group), std::move(name),
                                               std::move(watchdog));
}

}  // namespace sana
