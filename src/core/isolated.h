// Work that may not survive what it is given, in a process of its own: for libraries that read bytes
// from outside and were not written to be given hostile ones.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sana {

struct IsolationLimits {
  int64_t memory_bytes = int64_t{1} << 30;  // beyond what the process has mapped when it begins
  int64_t cpu_s = 10;
  double silence_s = 20;  // without a word, until it is ended
  int64_t max_output = int64_t{256} << 20;
};

struct IsolatedOutput {
  std::string text;     // all that was said before the end
  std::string problem;  // why it ended early, empty when it did not: "ended by signal 11 (...)"
};

using Emit = std::function<void(std::string_view)>;

// Calls work(emit) in a forked child and returns what that emits. The child has no open files but
// its own, no output, the handlers of no signal; memory and time are bounded, it can neither write
// files nor start programs nor reach the network where the kernel has seccomp, and it dies with the
// thread that began it. Locks of other threads may be held for ever in it: `work` must not need any
// but those that the caller holds. Throws EnvironmentError when no process can be begun, Stopped
// when a signal asks to stop meanwhile.
IsolatedOutput run_isolated(const IsolationLimits& limits,
                            const std::function<void(const Emit&)>& work);

}  // namespace sana
