#include "core/distributed/timed_communicator.h"

#include <utility>

namespace sana {
namespace {

class TimedCommunicator final : public Communicator {
 public:
  TimedCommunicator(std::shared_ptr<Communicator> group, std::shared_ptr<WaitClock> clock)
      : group_(std::move(group)), clock_(std::move(clock)) {}

  int64_t rank() const override { return group_->rank(); }
  int64_t size() const override { return group_->size(); }

  std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                            Reduction reduction) override {
    return started(group_->start_all_reduce(name, std::move(tensor), reduction));
  }
  std::unique_ptr<Pending> start_reduce_scatter(const std::string& name, at::Tensor part,
                                                at::Tensor tensor) override {
    return started(group_->start_reduce_scatter(name, std::move(part), std::move(tensor)));
  }
  std::unique_ptr<Pending> start_all_gather(const std::string& name, at::Tensor tensor,
                                            at::Tensor part) override {
    return started(group_->start_all_gather(name, std::move(tensor), std::move(part)));
  }
  std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                          at::Tensor sent, std::vector<int64_t> counts) override {
    return started(
        group_->start_exchange(name, std::move(received), std::move(sent), std::move(counts)));
  }
  std::unique_ptr<Pending> start_broadcast(const std::string& name, at::Tensor tensor,
                                           int64_t root) override {
    return started(group_->start_broadcast(name, std::move(tensor), root));
  }
  void barrier(const std::string& name, bool patient) override {
    const WaitClock::Wait wait(*clock_);
    group_->barrier(name, patient);
  }
  std::unique_ptr<Communicator> split(const std::string& name,
                                      const std::vector<int64_t>& members) override {
    return std::make_unique<TimedCommunicator>(group_->split(name, members), clock_);
  }

 private:
  class Timed final : public Pending {
   public:
    Timed(std::unique_ptr<Pending> pending, std::shared_ptr<WaitClock> clock)
        : pending_(std::move(pending)), clock_(std::move(clock)) {}
    void wait() override {
      const WaitClock::Wait wait(*clock_);
      pending_->wait();
    }

   private:
    std::unique_ptr<Pending> pending_;
    std::shared_ptr<WaitClock> clock_;
  };

  std::unique_ptr<Pending> started(std::unique_ptr<Pending> pending) {
    return std::make_unique<Timed>(std::move(pending), clock_);
  }

  std::shared_ptr<Communicator> group_;
  std::shared_ptr<WaitClock> clock_;
};

}  // namespace

std::unique_ptr<Communicator> timed(Communicator& group, std::shared_ptr<WaitClock> clock) {
  // Nobody's: it is only looked at.
  const std::shared_ptr<Communicator> lent(std::shared_ptr<void>(), &group);
  return std::make_unique<TimedCommunicator>(lent, std::move(clock));
}

}  // namespace sana
