// A group of which is known how long this process stands still for it.
#pragma once
#include <memory>

#include "core/distributed/communicator.h"
#include "core/distributed/wait_clock.h"

namespace sana {

// Says everything as `group` does, which outlives it. What its collectives, and those of its parts,
// are waited for is counted by `clock`; what is done meanwhile is not.
std::unique_ptr<Communicator> timed(Communicator& group, std::shared_ptr<WaitClock> clock);

}  // namespace sana
