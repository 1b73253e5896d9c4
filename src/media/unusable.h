// Why a clip cannot be used.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace sana::media {

// The remedy for what a decoder does not take.
inline constexpr const char* kReencode = "re-encode it, for example with ffmpeg to H.264";

// One line of unused_clips.jsonl.
struct UnusedClip {
  std::string id;
  std::string reason;  // the group in the log: "too short", "truncated", ...
  std::string detail;  // "20 of 41 frames at 16 fps (1.25 s)"
  std::string remedy;  // "lower frames or fps"
};

// Thrown by the readers; `prepare` lists the clip and goes on.
class UnusableClip : public std::runtime_error {
 public:
  UnusableClip(std::string reason, std::string detail, std::string remedy)
      : std::runtime_error(reason + ": " + detail),
        reason_(std::move(reason)),
        detail_(std::move(detail)),
        remedy_(std::move(remedy)) {}

  // For the list, as the clip of this name.
  UnusedClip record(std::string id) const { return {std::move(id), reason_, detail_, remedy_}; }

 private:
  std::string reason_, detail_, remedy_;
};

}  // namespace sana::media
