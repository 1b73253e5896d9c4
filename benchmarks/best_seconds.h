// Time of the best of several rounds.
#pragma once
#include <algorithm>
#include <chrono>

namespace sana::benchmark {

// Seconds of the quickest of three calls.
template <class Body>
double best_seconds(Body&& body) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 3;
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace sana::benchmark
