// Which GPU kernels a piece of work runs, and for how long.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace sana::benchmarks {

struct KernelTime {
  std::string name;
  int64_t calls = 0;
  double total_us = 0.0;
};

// Runs `body` once under LibTorch's profiler; kernels (and copies) by total time, longest first.
std::vector<KernelTime> profile_kernels(const std::function<void()>& body);

}  // namespace sana::benchmarks
