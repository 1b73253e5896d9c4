// How long a process stands still for the others.
#include "core/distributed/wait_clock.h"

#include <ATen/ATen.h>
#include <torch/cuda.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/build_config.h"
#include "core/device.h"
#include "core/distributed/thread_world.h"
#include "core/distributed/timed_communicator.h"
#include "support/catch.h"
#include "support/skip.h"
#if SANA_HAS_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/Sleep.h>
#include <c10/cuda/CUDAGuard.h>
#endif

namespace {
using namespace sana;

void sleep_ms(int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// Seconds that each of two waits for the other, which comes 60 ms later.
template <class Say>
std::vector<double> waited(int64_t late, bool counts, const Say& say) {
  std::vector<double> seconds(2);
  ThreadWorld(2).run([&](Communicator& group) {
    const auto clock = std::make_shared<WaitClock>(c10::kCPU);
    const auto one = timed(group, clock);
    const auto part = one->split("both", {0, 1});
    part->barrier("begin");
    if (group.rank() == late) sleep_ms(60);
    if (counts) {
      const WaitClock::Counting counting(*clock);
      say(*part);
    } else {
      say(*part);
    }
    seconds[size_t(group.rank())] = clock->take();
    if (clock->take() != 0) seconds[size_t(group.rank())] = -1;
  });
  return seconds;
}

TEST_CASE("who waits for a late one is counted, in every way of waiting", "[distributed]") {
  const std::vector<std::function<void(Communicator&)>> ways = {
      [](Communicator& group) { group.all_reduce("sum", at::ones({2})); },
      [](Communicator& group) { group.all_reduce("number", 1.0, Reduction::kSum); },
      [](Communicator& group) {
        group.start_reduce_scatter("scatter", at::ones({2}), at::ones({4}))->wait();
      },
      [](Communicator& group) {
        group.start_all_gather("gather", at::ones({4}), at::ones({2}))->wait();
      },
      [](Communicator& group) {
        group.start_exchange("exchange", at::ones({4}), at::ones({4}), {2, 2})->wait();
      },
      [](Communicator& group) { group.start_broadcast("tell", at::ones({2}), 0)->wait(); },
      [](Communicator& group) { group.barrier("here"); },
  };
  for (size_t way = 0; way < ways.size(); ++way) {
    INFO("way " << way);
    const int64_t late = int64_t(way) % 2;
    const std::vector<double> seconds = waited(late, /*counts=*/true, ways[way]);
    CHECK(seconds[size_t(1 - late)] > 0.045);
    CHECK(seconds[size_t(late)] >= 0);
    CHECK(seconds[size_t(late)] < 0.03);
  }
  // As while a checkpoint is saved.
  CHECK(waited(1, /*counts=*/false, ways[0]) == std::vector<double>{0.0, 0.0});
}

TEST_CASE("what is done while others are on their way is no waiting", "[distributed]") {
  const std::vector<double> seconds = waited(1, /*counts=*/true, [](Communicator& group) {
    const at::Tensor sum = at::ones({2});
    const auto pending = group.start_all_reduce("sum", sum, Reduction::kSum);
    if (group.rank() == 0) sleep_ms(90);
    pending->wait();
  });
  CHECK(seconds[0] < 0.02);
}

TEST_CASE("threads that wait at the same time are counted once", "[distributed]") {
  WaitClock clock(c10::kCPU);
  const WaitClock::Counting counting(clock);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const WaitClock::Wait wait(clock);
      sleep_ms(50);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = clock.take();
  CHECK(seconds > 0.045);
  CHECK(seconds < 0.15);
}

TEST_CASE("on a GPU it counts what the stream waits, not the host", "[distributed][gpu]") {
  if (!torch::cuda::is_available()) SANA_SKIP("no GPU can be used");
#if SANA_HAS_CUDA
  const c10::Device device(c10::kCUDA, 0);
  WaitClock clock(device);
  const WaitClock::Counting counting(clock);
  const auto side = c10::cuda::getStreamFromPool(false, 0);
  const auto sleep_on_side = [&](at::cuda::CUDAEvent& event) {
    const c10::cuda::CUDAStreamGuard guard(side);
    at::cuda::sleep(200'000'000);  // about 0.1 s
    event.record(side);
  };
  at::cuda::CUDAEvent event;
  sleep_on_side(event);
  {
    const WaitClock::Wait wait(clock);
    event.block(c10::cuda::getCurrentCUDAStream(0));
  }
  synchronize(device);
  const double stood = clock.take();
  CHECK(stood > 0.03);
  CHECK(clock.take() == 0);
  // The stream has work of its own for as long, and the host waits.
  sleep_on_side(event);
  at::cuda::sleep(400'000'000);
  {
    const WaitClock::Wait wait(clock);
    sleep_ms(20);
    event.block(c10::cuda::getCurrentCUDAStream(0));
  }
  synchronize(device);
  CHECK(clock.take() < 0.2 * stood);
#endif
}

}  // namespace
