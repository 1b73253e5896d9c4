// Progress of long work: a bar on a terminal, plain lines elsewhere. Library code takes a
// ProgressSink and never prints.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

namespace sana {

class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  // A phase begins: its name ("encoding latents"), number of units, and the unit ("clips").
  virtual void begin(const std::string& phase, int64_t total, const std::string& unit) = 0;
  virtual void advance(int64_t count = 1) = 0;
  virtual void end() = 0;
};

// Bar with rate and time left when stderr is a terminal; else one log line at least 30 s apart and
// one at the end.
std::unique_ptr<ProgressSink> make_console_progress();
// Says nothing.
std::unique_ptr<ProgressSink> make_silent_progress();

// "2d 02h", "3h 05m", "4m 10s", "12.3 s"
std::string duration_string(double seconds);

}  // namespace sana
