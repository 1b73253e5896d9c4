// Time of day and time that passes.
#pragma once
#include <chrono>
#include <string>

namespace sana {

using SteadyClock = std::chrono::steady_clock;

// "2026-03-01T12:00:00.250Z"
std::string utc_now();

double seconds_since(SteadyClock::time_point start);

// Adds the seconds of its lifetime to a counter.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += seconds_since(start_); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  SteadyClock::time_point start_ = SteadyClock::now();
};

}  // namespace sana
