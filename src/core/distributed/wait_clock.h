// How long a process stands still for something, as others or data.
#pragma once
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include "core/clock.h"

namespace sana {

// On the CPU the time in which at least one thread waits. On a GPU that in which the device's
// current stream does: what it computes while the host waits is no loss. It is measured with events
// on the stream, and nobody waits for them. Used by any number of threads.
class WaitClock {
 public:
  explicit WaitClock(c10::Device device);
  ~WaitClock();
  WaitClock(const WaitClock&) = delete;
  WaitClock& operator=(const WaitClock&) = delete;

  // Waits that begin during its life are counted; others, as those of saving, are not.
  class Counting {
   public:
    explicit Counting(WaitClock& clock) : clock_(clock) { clock_.set_counting(true); }
    ~Counting() { clock_.set_counting(false); }
    Counting(const Counting&) = delete;
    Counting& operator=(const Counting&) = delete;

   private:
    WaitClock& clock_;
  };

  struct Span;
  // One wait: its life, or of a GPU what the stream does meanwhile. Not counted while a CUDA graph
  // is recorded.
  class Wait {
   public:
    explicit Wait(WaitClock& clock);
    ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    WaitClock& clock_;
    bool on_host_ = false;
    std::unique_ptr<Span> span_;
  };

  // Seconds since the last call. Of a GPU: of the waits that are over there; those that are not are
  // in the next one's.
  double take();

 private:
  struct Gpu;

  void set_counting(bool counting);
  std::unique_ptr<Span> begin();
  void end(std::unique_ptr<Span> span) noexcept;
  void collect();

  c10::Device device_;
  std::mutex lock_;  // of what follows
  bool is_counting_ = false;
  double seconds_ = 0;
  int64_t waiting_ = 0;  // threads, on the CPU
  SteadyClock::time_point since_;
  std::unique_ptr<Gpu> gpu_;
};

}  // namespace sana
