#include "core/distributed/self_test.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "core/clock.h"
#include "core/device.h"
#include "core/environment.h"
#include "core/error.h"

namespace sana {
namespace {

constexpr const char* kName = "self-test";
constexpr int64_t kGpuBytes = int64_t(64) << 20, kCpuBytes = int64_t(4) << 20;
constexpr int64_t kPeriod = 31;   // a prime, so that no two ranks below it have the same numbers
constexpr int64_t kSmall = 1024;  // numbers of each process that are gathered after a failure

// What a process adds: [n] float32, whole numbers from 0 to 30, others for each rank.
at::Tensor numbers_of(int64_t rank, int64_t n, c10::Device device) {
  const auto options = at::device(device).dtype(at::kFloat);
  return (at::arange(n, options.dtype(at::kInt)) * 7 + rank % kPeriod * 13)
      .remainder(kPeriod)
      .to(at::kFloat);
}

// The sums [n] of all, exact in float32: there are fewer than 2^24 / 30 processes. One by one, as
// they travel: it is what is compared.
at::Tensor expected_sums(int64_t processes, int64_t n, c10::Device device) {
  // Numbers come again after a period, in the place as well as in the rank.
  at::Tensor sums = at::zeros({kPeriod}, at::device(device).dtype(at::kFloat));
  for (int64_t rank = 0; rank < processes; ++rank) sums.add_(numbers_of(rank, kPeriod, device));
  return sums.repeat({(n + kPeriod - 1) / kPeriod}).narrow(0, 0, n);
}

// "4096 of 1048576 sums are wrong, the first at 17: 12 instead of 24"; empty: none.
std::string wrong_sums(const at::Tensor& sums, const at::Tensor& expected) {
  const at::Tensor wrong = sums.ne(expected).nonzero();  // NaN differs from everything
  if (wrong.numel() == 0) return "";
  const auto first = wrong[0].item<int64_t>();
  return fmt::format("{} of {} sums are wrong, the first at {}: {:g} instead of {:g}",
                     wrong.size(0), sums.numel(), first, sums[first].item<float>(),
                     expected[first].item<float>());
}

// Whose numbers arrive wrong here, by rank: "1" or "0". All call it.
std::string wrong_senders(World& world, c10::Device device) {
  const int64_t count = world.ranks.count;
  const at::Tensor all = at::empty({count * kSmall}, at::device(device).dtype(at::kFloat));
  world.data->start_all_gather(kName, all, numbers_of(world.ranks.rank, kSmall, device))->wait();
  std::string wrong;
  for (int64_t rank = 0; rank < count; ++rank) {
    const at::Tensor part = all.narrow(0, rank * kSmall, kSmall);
    wrong += at::equal(part, numbers_of(rank, kSmall, device)) ? '0' : '1';
  }
  return wrong;
}

// Throws on all where one has wrong sums.
void require_right_sums(World& world, c10::Device device, const std::string& mine) {
  const auto found = world.control->gather_text("result of the self-test", mine);
  const auto is_right = [](const std::string& text) { return text.empty(); };
  if (std::all_of(found.begin(), found.end(), is_right)) return;
  const auto hosts = world.control->gather_text("hosts", host_name());
  const auto senders =
      world.control->gather_text("whose numbers arrive wrong", wrong_senders(world, device));
  std::string list;
  for (size_t r = 0; r < found.size(); ++r) {
    if (found[r].empty()) continue;
    list += fmt::format("\n  rank {} on {}: {}", r, hosts[r], found[r]);
  }
  for (size_t s = 0; s < found.size(); ++s) {
    std::vector<size_t> at;
    for (size_t r = 0; r < senders.size(); ++r) {
      if (senders[r].at(s) == '1') at.push_back(r);
    }
    if (at.empty()) continue;
    list += fmt::format("\n  what rank {} on {} sends arrives wrong at ranks {}", s, hosts[s],
                        fmt::join(at, ", "));
  }
  throw EnvironmentError(fmt::format(
      "what the processes send each other does not arrive as it was sent:{}\nLook at the kernel "
      "logs of these hosts (dmesg; nvidia-smi -q -d ECC, nvidia-smi nvlink -e for GPUs). With "
      "NCCL_P2P_DISABLE=1 or NCCL_IB_DISABLE=1 data go another way: that tells which link it is. "
      "Start without the host until it is mended",
      list));
}

// The best of three here.
double time_all_reduce(World& world, c10::Device device, const at::Tensor& tensor) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3; ++i) {
    tensor.zero_();  // repeated sums would grow
    synchronize(device);
    world.control->barrier("a timed all-reduce");  // who comes late is no slow link
    const auto start = SteadyClock::now();
    world.data->all_reduce(kName, tensor);
    synchronize(device);
    best = std::min(best, seconds_since(start));
  }
  return best;
}

}  // namespace

std::string LinkSpeed::text() const {
  return fmt::format("{:.3g} GB/s (an all-reduce of {} takes {:.3g} ms, best of three)",
                     gigabytes_per_s(), bytes_string(bytes), 1e3 * seconds);
}

LinkSpeed self_test(World& world, c10::Device device) {
  const at::NoGradGuard no_grad;
  LinkSpeed speed;
  speed.bytes = device.is_cuda() ? kGpuBytes : kCpuBytes;
  const int64_t n = speed.bytes / int64_t(sizeof(float));
  const at::Tensor tensor = numbers_of(world.ranks.rank, n, device);
  // It is the warm-up, too: the first collective of a group opens its links.
  world.data->all_reduce(kName, tensor);
  require_right_sums(world, device,
                     wrong_sums(tensor, expected_sums(world.ranks.count, n, device)));
  const double seconds = time_all_reduce(world, device, tensor);
  speed.seconds = world.control->all_reduce("time of the self-test", seconds, Reduction::kMax);
  return speed;
}

}  // namespace sana
