#include "core/distributed/c10d_communicator.h"

#include "core/build_config.h"
#if SANA_HAS_C10D
#define USE_DISTRIBUTED 1
#define USE_C10D_GLOO 1
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#if SANA_HAS_NCCL
#define USE_C10D_NCCL 1
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/distributed/c10d_store.h"
#include "core/distributed/door.h"
#include "core/distributed/watched_communicator.h"
#include "core/distributed/within.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/plain_file.h"

namespace sana {
namespace {

using Milliseconds = std::chrono::milliseconds;

std::string first_line(const char* text) {
  const std::string all = text;
  return all.substr(0, all.find('\n'));
}

// What makes groups: the store, and how they talk.
struct Meeting {
  c10::intrusive_ptr<c10d::Store> store;
  Milliseconds timeout;
  std::string address;  // of this host, as the others reach it; empty: as its name resolves
  bool is_gpu = false;
  std::shared_ptr<const Watchdog> watchdog = nullptr;
};

// The address with which this host talks to `host`; empty where it is not known. The name of a host
// often resolves to an address that the others cannot reach.
std::string address_towards(const std::string& host) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  if (::getaddrinfo(host.c_str(), "9", &hints, &found) != 0) return "";
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    // Connecting it sends nothing: it only asks for the way.
    const Descriptor socket(::socket(one->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage mine{};
    socklen_t size = sizeof mine;
    auto* any = reinterpret_cast<sockaddr*>(&mine);
    char text[NI_MAXHOST] = "";
    if (socket.get() >= 0 && ::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0 &&
        ::getsockname(socket.get(), any, &size) == 0 &&
        ::getnameinfo(any, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      return text;
    }
  }
  return "";
}

// The name of the first host leads there to its own loopback address, where nobody else reaches it:
// then the way to another host tells.
std::string reachable_address(c10d::Store& store, const LaunchRank& ranks,
                              const std::string& host) {
  const auto is_known = [](const std::string& address) {
    return !address.empty() && !address.starts_with("127.") && address != "::1";
  };
  const auto key = [](int64_t rank) { return fmt::format("address/{}", rank); };
  const std::string mine = address_towards(host);
  store.set(key(ranks.rank), mine.empty() ? "127.0.0.1" : mine);
  for (int64_t r = 0; r < ranks.count && !is_known(mine); ++r) {
    const std::string other = store.get_to_str(key(r));
    if (is_known(other)) return address_towards(other);
  }
  return mine;
}

std::shared_ptr<::gloo::transport::Device> gloo_device(const std::string& address) {
  // As PyTorch has it.
  const std::string interface = environment_text("GLOO_SOCKET_IFNAME");
  if (!interface.empty()) {
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface, /*lazyInit=*/false);
  }
  if (address.empty()) return c10d::ProcessGroupGloo::createDefaultDevice(/*lazy_init=*/false);
  return c10d::ProcessGroupGloo::createDeviceForHostname(address, /*lazyInit=*/false);
}

c10::intrusive_ptr<c10d::Backend> make_backend(const Meeting& meeting, const std::string& name,
                                               int64_t rank, int64_t size) {
  auto store = c10::make_intrusive<c10d::PrefixStore>(name, meeting.store);
#if SANA_HAS_NCCL
  if (meeting.is_gpu) {
    auto options = c10d::ProcessGroupNCCL::Options::create();
    // Longer than ours: NCCL's own thread ends the process without a word of who is missing.
    options->timeout = meeting.timeout + std::chrono::minutes(5);
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, int(rank), int(size), options);
  }
#endif
  auto options = c10d::ProcessGroupGloo::Options::create(meeting.timeout);
  options->devices.push_back(gloo_device(meeting.address));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, int(rank), int(size), options);
}

class C10dCommunicator final : public Communicator {
 public:
  C10dCommunicator(Meeting meeting, std::string name, int64_t rank, int64_t size)
      : meeting_(std::move(meeting)),
        name_(std::move(name)),
        rank_(rank),
        size_(size),
        backend_(make_backend(meeting_, name_, rank, size)) {}
  // A group of Gloo waits for every collective that was begun, as long as the timeout. Where one of
  // its members has failed they may never end, but this process does: its end takes the group along.
  ~C10dCommunicator() override {
    forget_what_is_done();
    if (!begun_.empty() && meeting_.watchdog && meeting_.watchdog->has_failed()) {
      (void)backend_.release();
    }
  }

  int64_t rank() const override { return rank_; }
  int64_t size() const override { return size_; }

  std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                            Reduction reduction) override {
    return start(name, [&, tensor]() mutable {
      std::vector<at::Tensor> tensors = {tensor};
      c10d::AllreduceOptions options;
      options.reduceOp = operation(reduction);
      return backend_->allreduce(tensors, options);
    });
  }
  std::unique_ptr<Pending> start_reduce_scatter(const std::string& name, at::Tensor part,
                                                at::Tensor tensor) override {
    return start(name, [&] { return backend_->_reduce_scatter_base(part, tensor); });
  }
  std::unique_ptr<Pending> start_all_gather(const std::string& name, at::Tensor tensor,
                                            at::Tensor part) override {
    return start(name, [&] { return backend_->_allgather_base(tensor, part); });
  }
  std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                          at::Tensor sent, std::vector<int64_t> counts) override {
    // As bytes, since Gloo does not know every type.
    for (int64_t& count : counts) count *= sent.element_size();
    return start(name, [&, counts]() mutable {
      at::Tensor to = received.view(at::kByte), from = sent.view(at::kByte);
      auto out_counts = counts;
      return backend_->alltoall_base(to, from, out_counts, counts, c10d::AllToAllOptions());
    });
  }
  std::unique_ptr<Pending> start_broadcast(const std::string& name, at::Tensor tensor,
                                           int64_t root) override {
    return start(name, [&, tensor]() mutable {
      std::vector<at::Tensor> tensors = {tensor};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      return backend_->broadcast(tensors, options);
    });
  }
  void barrier(const std::string& name, bool patient) override {
    c10d::BarrierOptions options;
    if (patient) options.timeout = std::chrono::hours(24);
    start(name, [&] { return backend_->barrier(options); })->wait();
  }

  std::unique_ptr<Communicator> split(const std::string& name,
                                      const std::vector<int64_t>& members) override {
    const auto found = std::find(members.begin(), members.end(), rank_);
    SANA_ASSERT(found != members.end());
    const std::string group = fmt::format("{}/{} {}", name_, name, fmt::join(members, ","));
    return std::make_unique<C10dCommunicator>(meeting_, group, found - members.begin(),
                                              int64_t(members.size()));
  }

 private:
  class Started final : public Pending {
   public:
    Started(c10::intrusive_ptr<c10d::Work> work, const C10dCommunicator& group, std::string name)
        : work_(std::move(work)), group_(group), name_(std::move(name)) {}
    void wait() override {
      group_.translated(name_, [&] { work_->wait(); });
    }

   private:
    c10::intrusive_ptr<c10d::Work> work_;
    const C10dCommunicator& group_;
    std::string name_;
  };

  static c10d::ReduceOp operation(Reduction reduction) {
    if (reduction == Reduction::kMin) return c10d::ReduceOp::MIN;
    return reduction == Reduction::kMax ? c10d::ReduceOp::MAX : c10d::ReduceOp::SUM;
  }

  // Errors of c10d with what waited, and where.
  template <class Body>
  auto translated(const std::string& name, Body&& body) const -> decltype(body()) {
    try {
      return body();
    } catch (const std::exception& error) {
      throw EnvironmentError(fmt::format(
          "'{}' of {}: rank {} of {} on {} waited for the others in vain: {}. Look at the logs of "
          "the other ranks; the run goes on from its newest checkpoint",
          name, name_, rank_, size_, host_name(), first_line(error.what())));
    }
  }

  template <class Body>
  std::unique_ptr<Pending> start(const std::string& name, Body&& body) {
    c10::intrusive_ptr<c10d::Work> work = translated(name, body);
    forget_what_is_done();
    if (!meeting_.is_gpu) begun_.push_back(work);
    return std::make_unique<Started>(std::move(work), *this, name);
  }

  void forget_what_is_done() {
    std::erase_if(begun_, [](const auto& work) { return work->isCompleted(); });
  }

  Meeting meeting_;
  std::string name_;
  int64_t rank_, size_;
  c10::intrusive_ptr<c10d::Backend> backend_;
  std::vector<c10::intrusive_ptr<c10d::Work>> begun_;  // of Gloo, and not known to be done
};

}  // namespace

World join_c10d(const LaunchRank& ranks, const Rendezvous& place,
                const std::function<c10::Device()>& device, const JoinOptions& options) {
  const auto door = std::make_shared<Door>(ranks, place, options.timeout);
  // Twice the timeout: of opening it, and of waiting for all.
  within(
      2 * options.timeout + std::chrono::seconds(5), [door] { door->come_in(); },
      fmt::format("rank {} of {} on {} gets no answer from {}, where all meet: the process that "
                  "holds the table hangs, or its host or network does",
                  ranks.rank, ranks.count, host_name(), door->place()));
  World world;
  world.ranks = ranks;
  world.watchdog = std::make_shared<Watchdog>(
      door->another_board(), Watchdog::Membership{ranks, door->is_holder(), door->place()},
      options.watch);
  try {
    const bool is_gpu = device().is_cuda();
    door->all_ready(*world.watchdog);
    Meeting meeting = {door->store(), options.timeout,
                       reachable_address(*door->store(), ranks, place.host),
                       /*is_gpu=*/false, world.watchdog};
    const auto group = [&](const char* name) {
      return watched(std::make_unique<C10dCommunicator>(meeting, name, ranks.rank, ranks.count),
                     name, world.watchdog);
    };
    world.control = group("control");
    meeting.is_gpu = is_gpu;
    world.data = group("data");
  } catch (const Error& error) {
    world.watchdog->fail({error.code(), error.what()});
    throw;
  } catch (const std::exception& error) {
    const std::string why =
        fmt::format("rank {} of {} on {} cannot join the others: {}", ranks.rank, ranks.count,
                    host_name(), first_line(error.what()));
    world.watchdog->fail({ExitCode::kEnvironment, why});
    throw EnvironmentError(why);
  }
  return world;
}

}  // namespace sana
#endif
