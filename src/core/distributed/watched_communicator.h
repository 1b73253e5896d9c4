// A group whose collectives are told to the watchdog, and which throws what it found.
#pragma once
#include <memory>
#include <string>

#include "core/distributed/communicator.h"
#include "core/distributed/watchdog.h"

namespace sana {

// `name`: of the group, for messages. Each collective throws, before it begins or when it fails,
// the failure of another process where there is one: with that one's rank, host and text. Of a GPU
// only what the host waits for is told; what waits on a stream has its beginning.
std::unique_ptr<Communicator> watched(std::unique_ptr<Communicator> group, std::string name,
                                      std::shared_ptr<Watchdog> watchdog);

}  // namespace sana
