#include "core/distributed/thread_world.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"

namespace sana {

// Collectives by their number; the member that comes last does the work of all.
class ThreadWorld::Shared {
 public:
  struct Part {
    at::Tensor out, in;
    std::vector<int64_t> counts = {};  // of an exchange: with each member
  };
  using Work = std::function<void(const std::vector<Part>&)>;

  Shared(int64_t size, std::chrono::milliseconds timeout) : size_(size), timeout_(timeout) {}
  int64_t size() const { return size_; }
  std::chrono::milliseconds timeout() const { return timeout_; }

  void post(int64_t number, const std::string& name, int64_t rank, Part part, const Work& work) {
    const std::lock_guard guard(lock_);
    Collective& due = collectives_[number];
    due.names.resize(size_t(size_));
    due.parts.resize(size_t(size_));
    due.names[size_t(rank)] = name;
    due.parts[size_t(rank)] = std::move(part);
    if (++due.arrived < size_) return;
    for (const std::string& other : due.names) due.agree = due.agree && other == name;
    if (due.agree) work(due.parts);
    due.parts.clear();
    due.done = true;
    changed_.notify_all();
  }

  void wait(int64_t number, const std::string& name, int64_t rank) {
    std::unique_lock guard(lock_);
    Collective& due = collectives_[number];
    if (!changed_.wait_for(guard, timeout_, [&] { return due.done; })) {
      throw EnvironmentError(fmt::format("'{}': rank {} waited {} ms for {}", name, rank,
                                         timeout_.count(), fmt::join(missing(due), ", ")));
    }
    if (!due.agree) {
      throw EnvironmentError(
          fmt::format("ranks are at different collectives: {}", fmt::join(due.names, ", ")));
    }
    if (++due.left == size_) collectives_.erase(number);
  }

  std::shared_ptr<Shared> group(const std::string& key, int64_t size) {
    const std::lock_guard guard(lock_);
    auto& group = groups_[key];
    if (!group) group = std::make_shared<Shared>(size, timeout_);
    return group;
  }

 private:
  struct Collective {
    std::vector<std::string> names;
    std::vector<Part> parts;
    int64_t arrived = 0, left = 0;
    bool done = false, agree = true;
  };

  static std::vector<std::string> missing(const Collective& due) {
    std::vector<std::string> ranks;
    for (size_t r = 0; r < due.names.size(); ++r) {
      if (due.names[r].empty()) ranks.push_back(fmt::format("rank {}", r));
    }
    return ranks;
  }

  int64_t size_;
  std::chrono::milliseconds timeout_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::map<int64_t, Collective> collectives_;
  std::map<std::string, std::shared_ptr<Shared>> groups_;
};

namespace {

using Shared = ThreadWorld::Shared;
using Parts = std::vector<Shared::Part>;

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(std::shared_ptr<Shared> shared, int64_t rank)
      : shared_(std::move(shared)), rank_(rank) {}

  int64_t rank() const override { return rank_; }
  int64_t size() const override { return shared_->size(); }

  std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                            Reduction reduction) override {
    return start(name, {tensor, tensor}, [reduction](const Parts& parts) {
      at::Tensor result = parts[0].in.clone();
      for (size_t r = 1; r < parts.size(); ++r) {
        const at::Tensor& other = parts[r].in;
        if (reduction == Reduction::kSum) result.add_(other);
        if (reduction == Reduction::kMin) result = at::minimum(result, other);
        if (reduction == Reduction::kMax) result = at::maximum(result, other);
      }
      for (const Shared::Part& part : parts) part.out.copy_(result);
    });
  }
  std::unique_ptr<Pending> start_reduce_scatter(const std::string& name, at::Tensor part,
                                                at::Tensor tensor) override {
    return start(name, {part, tensor}, [](const Parts& parts) {
      at::Tensor sum = parts[0].in.clone();
      for (size_t r = 1; r < parts.size(); ++r) sum.add_(parts[r].in);
      const int64_t count = parts[0].out.numel();
      for (size_t r = 0; r < parts.size(); ++r) {
        parts[r].out.copy_(sum.narrow(0, int64_t(r) * count, count));
      }
    });
  }
  std::unique_ptr<Pending> start_all_gather(const std::string& name, at::Tensor tensor,
                                            at::Tensor part) override {
    return start(name, {tensor, part}, [](const Parts& parts) {
      std::vector<at::Tensor> all;
      for (const Shared::Part& p : parts) all.push_back(p.in);
      const at::Tensor row = at::cat(all);
      for (const Shared::Part& p : parts) p.out.copy_(row);
    });
  }
  std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                          at::Tensor sent, std::vector<int64_t> counts) override {
    return start(name, {received, sent, std::move(counts)}, [](const Parts& parts) {
      for (size_t r = 0; r < parts.size(); ++r) {
        const std::vector<at::Tensor> places = parts[r].out.split_with_sizes(parts[r].counts);
        for (size_t from = 0; from < parts.size(); ++from) {
          places[from].copy_(parts[from].in.split_with_sizes(parts[from].counts)[r]);
        }
      }
    });
  }
  std::unique_ptr<Pending> start_broadcast(const std::string& name, at::Tensor tensor,
                                           int64_t root) override {
    return start(name, {tensor, tensor}, [root](const Parts& parts) {
      const at::Tensor value = parts[size_t(root)].in.clone();
      for (const Shared::Part& p : parts) p.out.copy_(value);
    });
  }
  void barrier(const std::string& name, bool) override {
    start(name, {}, [](const Parts&) {})->wait();
  }

  std::unique_ptr<Communicator> split(const std::string& name,
                                      const std::vector<int64_t>& members) override {
    const std::string key = fmt::format("{} {}", name, fmt::join(members, ","));
    for (size_t i = 0; i < members.size(); ++i) {
      if (members[i] != rank_) continue;
      return std::make_unique<ThreadCommunicator>(shared_->group(key, int64_t(members.size())),
                                                  int64_t(i));
    }
    throw InternalError(fmt::format("rank {} is not of the group {}", rank_, key));
  }

 private:
  class Started final : public Pending {
   public:
    Started(std::shared_ptr<Shared> shared, int64_t number, std::string name, int64_t rank)
        : shared_(std::move(shared)), number_(number), name_(std::move(name)), rank_(rank) {}
    void wait() override { shared_->wait(number_, name_, rank_); }

   private:
    std::shared_ptr<Shared> shared_;
    int64_t number_;
    std::string name_;
    int64_t rank_;
  };

  std::unique_ptr<Pending> start(const std::string& name, Shared::Part part,
                                 const Shared::Work& work) {
    const at::NoGradGuard no_grad;
    const int64_t number = next_++;
    shared_->post(number, name, rank_, std::move(part), work);
    return std::make_unique<Started>(shared_, number, name, rank_);
  }

  std::shared_ptr<Shared> shared_;
  int64_t rank_;
  int64_t next_ = 0;
};

}  // namespace

ThreadWorld::ThreadWorld(int64_t size, std::chrono::milliseconds timeout)
    : shared_(std::make_shared<Shared>(size, timeout)) {}

ThreadWorld::~ThreadWorld() = default;

std::unique_ptr<Communicator> ThreadWorld::member(int64_t rank) {
  SANA_ASSERT(rank >= 0 && rank < shared_->size());
  return std::make_unique<ThreadCommunicator>(shared_, rank);
}

void ThreadWorld::run(const std::function<void(Communicator&)>& body) {
  std::vector<std::exception_ptr> errors(size_t(shared_->size()));
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < shared_->size(); ++rank) {
    threads.emplace_back([&, rank] {
      try {
        const auto communicator = member(rank);
        body(*communicator);
      } catch (...) {
        errors[size_t(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace sana
