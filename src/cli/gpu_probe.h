// What the NVIDIA driver says about this machine. Asks the driver's own library at run time, so
// that a build without CUDA can tell as well.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sana::cli {

struct GpuInfo {
  std::string name;
  int capability_major = 0, capability_minor = 0;
  int64_t total_bytes = 0;
  int64_t free_bytes = -1;  // -1: the driver would not say
};

struct GpuProbe {
  std::string problem;                     // why there is nothing to list; empty when there is
  int driver_major = 0, driver_minor = 0;  // newest CUDA version that the driver supports
  std::vector<GpuInfo> devices;
  int num_peer_pairs = 0;  // pairs of devices that reach each other's memory, out of n (n - 1) / 2
};

GpuProbe probe_gpus();

// The version number that a shared library gives away through `size_t function()` or, with
// `by_pointer`, `int function(int* version)`; 0 when there is no such library.
int64_t library_version(const std::string& library, const std::string& function, bool by_pointer);

}  // namespace sana::cli
