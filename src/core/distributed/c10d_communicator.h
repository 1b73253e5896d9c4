// c10d of LibTorch: a store over TCP, Gloo for the host, NCCL for GPUs. Only this file and
// c10d_store.h include it.
#pragma once
#include <functional>

#include "core/distributed/world.h"

namespace sana {

// As join_world(), of several processes.
World join_c10d(const LaunchRank& ranks, const Rendezvous& place,
                const std::function<c10::Device()>& device, const JoinOptions& options);

}  // namespace sana
