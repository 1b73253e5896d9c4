// Signs of life: what a process says of itself again and again, and who has gone silent.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"

namespace sana {

// What one process does.
struct Beat {
  int64_t number = 0;  // grows from beat to beat
  std::string host;
  int64_t step = -1;       // of the training; -1: none yet
  std::string collective;  // the last it began: "'gradients' of data"; empty: none yet
  int64_t num_begun = 0;   // collectives so far
  double collective_age_s = 0;
  bool is_waiting = false;     // in that collective
  bool is_broken = false;      // a collective failed
  bool knows_failure = false;  // that some process failed
  bool has_left = false;       // it ended as it should

  std::string text() const;
  // Throws InternalError for what text() does not write.
  static Beat parse(const std::string& text);

  // "step 7, waits in 'gradients' of data for 12 s", `later_s` after the beat came.
  std::string activity(double later_s = 0) const;
};

// The latest beat of other processes, and when it came.
class Roll {
 public:
  void hear(int64_t rank, Beat beat, SteadyClock::time_point now);
  // This process itself was stopped: nobody's silence counts so far.
  void forgive(SteadyClock::time_point now);

  // Whose number has not grown for longer than `limit_s`.
  std::vector<int64_t> silent(double limit_s, SteadyClock::time_point now) const;
  // Who has neither begun the collective that this process waits in, nor failed: "rank 1 on b (step
  // 7, ...)", and so on.
  std::vector<std::string> elsewhere(const Beat& mine, SteadyClock::time_point now) const;
  // "rank 1 on b (not heard of for 31 s; then: step 7, waits in ...)"
  std::string describe(int64_t rank, SteadyClock::time_point now) const;

  bool is_any_broken() const;
  // Whether each is silent for longer than `limit_s`, has left or knows of the failure.
  bool is_told(double limit_s, SteadyClock::time_point now) const;
  bool has_left(int64_t rank) const;

 private:
  struct Heard {
    Beat beat;
    SteadyClock::time_point at;
  };
  std::map<int64_t, Heard> heard_;
};

}  // namespace sana
