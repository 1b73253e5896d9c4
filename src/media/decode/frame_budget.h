// The memory that a decoder's frames may take. A stream chooses how many it keeps: one of 200 KB
// may ask for 16 of the largest. Only in builds with FFmpeg; inside of video_stream.cpp.
#pragma once
#include <cstdint>
#include <memory>

#include "media/ffmpeg.h"

namespace sana::media {

class FrameBudget {
 public:
  // Frames that a decoder keeps, with what it notes beside them. Enough for 9 of 7680x4320 with 10
  // bits, which is what the levels of H.264 and H.265 allow at that size.
  static constexpr int64_t kMostBytes = int64_t(1280) << 20;

  explicit FrameBudget(int64_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  // From now on the codec's frames count; one too many is an error of the codec. The budget must
  // live as long as the codec; frames may live longer.
  void watch(AVCodecContext& codec);
  // Whether that has happened.
  bool is_exceeded() const { return is_exceeded_; }

 private:
  static int get_frame(AVCodecContext* codec, AVFrame* frame, int flags);
  int wrap(AVFrame& frame);

  int64_t most_bytes_;
  std::shared_ptr<int64_t> used_ = std::make_shared<int64_t>(0);
  bool is_exceeded_ = false;
};

}  // namespace sana::media
