#include "core/distributed/wait_clock.h"

#include <deque>
#include <exception>
#include <utility>
#include <vector>

#include "core/build_config.h"
#if SANA_HAS_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#endif

namespace sana {

#if SANA_HAS_CUDA

struct WaitClock::Span {
  at::cuda::CUDAEvent begin{cudaEventDefault}, end{cudaEventDefault};  // which have times
};

struct WaitClock::Gpu {
  std::deque<std::unique_ptr<Span>> recorded;  // in the order of their ends
  std::vector<std::unique_ptr<Span>> free;     // events are used again
};

// Null while a graph is recorded.
std::unique_ptr<WaitClock::Span> WaitClock::begin() {
  if (c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None) {
    return nullptr;
  }
  std::unique_ptr<Span> span;
  if (gpu_->free.empty()) {
    span = std::make_unique<Span>();
  } else {
    span = std::move(gpu_->free.back());
    gpu_->free.pop_back();
  }
  span->begin.record(c10::cuda::getCurrentCUDAStream(device_.index()));
  return span;
}

void WaitClock::end(std::unique_ptr<Span> span) noexcept {
  try {
    span->end.record(c10::cuda::getCurrentCUDAStream(device_.index()));
    gpu_->recorded.push_back(std::move(span));
    collect();
  } catch (const std::exception&) {
    // A device that fails is told by what is computed on it; here it may be on the way already.
  }
}

// What is over on the device.
void WaitClock::collect() {
  if (!gpu_) return;
  auto& recorded = gpu_->recorded;
  while (!recorded.empty() && recorded.front()->end.query()) {
    const Span& span = *recorded.front();
    seconds_ += double(span.begin.elapsed_time(span.end)) / 1e3;
    gpu_->free.push_back(std::move(recorded.front()));
    recorded.pop_front();
  }
}

#else

struct WaitClock::Span {};
struct WaitClock::Gpu {};
std::unique_ptr<WaitClock::Span> WaitClock::begin() { return nullptr; }
void WaitClock::end(std::unique_ptr<Span>) noexcept {}
void WaitClock::collect() {}

#endif

WaitClock::WaitClock(c10::Device device)
    : device_(device), gpu_(device.is_cuda() ? std::make_unique<Gpu>() : nullptr) {}

WaitClock::~WaitClock() = default;

void WaitClock::set_counting(bool counting) {
  const std::lock_guard guard(lock_);
  is_counting_ = counting;
}

double WaitClock::take() {
  const std::lock_guard guard(lock_);
  collect();
  return std::exchange(seconds_, 0.0);
}

WaitClock::Wait::Wait(WaitClock& clock) : clock_(clock) {
  const std::lock_guard guard(clock_.lock_);
  if (!clock_.is_counting_) return;
  if (clock_.gpu_) {
    span_ = clock_.begin();
    return;
  }
  on_host_ = true;
  if (clock_.waiting_++ == 0) clock_.since_ = SteadyClock::now();
}

WaitClock::Wait::~Wait() {
  const std::lock_guard guard(clock_.lock_);
  if (span_) clock_.end(std::move(span_));
  if (on_host_ && --clock_.waiting_ == 0) clock_.seconds_ += seconds_since(clock_.since_);
}

}  // namespace sana
