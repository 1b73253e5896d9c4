// A trial of the links between the processes of a run, before they are relied on.
#pragma once
#include <c10/core/Device.h>

#include <cstdint>
#include <string>

#include "core/distributed/world.h"

namespace sana {

struct LinkSpeed {
  int64_t bytes = 0;   // of the all-reduce that was timed
  double seconds = 0;  // the best of three, of the process that needed most
  // Algorithm bandwidth: bytes of one process over seconds, whatever travels for them.
  double gigabytes_per_s() const { return double(bytes) / seconds / 1e9; }
  // "1.35 GB/s (an all-reduce of 4.0 MiB takes 3.1 ms, best of three)"
  std::string text() const;
};

// Adds known numbers of all processes over the data group, on `device`, and compares every sum with
// what it must be; then times the same sum, of 64 MiB on GPUs and 4 MiB on CPUs. All processes call
// it, and all get the same. Throws on all of them where numbers arrive wrong on any: EnvironmentError
// that names the ranks and hosts with what they got, and those whose numbers arrive wrong.
LinkSpeed self_test(World& world, c10::Device device);

}  // namespace sana
