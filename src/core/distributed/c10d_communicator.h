// c10d of LibTorch: a store over TCP, Gloo for the host, NCCL for GPUs. The only place that includes
// it.
#pragma once
#include <chrono>

#include "core/distributed/world.h"

namespace sana {

// As join_world(), of several processes.
World join_c10d(const LaunchRank& ranks, const Rendezvous& place, c10::Device device,
                std::chrono::seconds timeout);

}  // namespace sana
