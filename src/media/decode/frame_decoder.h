// Frames out of a video's packets, each with a time that increases. Only in builds with FFmpeg;
// inside of video_stream.cpp.
#pragma once
#include <cstdint>
#include <vector>

#include "media/decode/demuxer.h"
#include "media/decode/frame_budget.h"
#include "media/ffmpeg.h"

namespace sana::media {

class FrameDecoder {
 public:
  // Reads from `demuxer`, which stays. Throws UnusableClip when the decoder cannot be opened.
  explicit FrameDecoder(Demuxer& demuxer);

  // Decodes the next frame; false at the end. What cannot be decoded is passed over and counted.
  // Throws UnusableClip when that keeps more frames than FrameBudget allows, EnvironmentError when
  // the disk fails.
  bool next();
  // Continues with the frame that is shown at `time_s`, or the first after it; false when there is
  // none. Throws UnusableClip when the container has to be opened again and cannot be.
  bool next_at(double time_s);
  // As Demuxer::read_times, of the whole video; continues before its first frame, and counts anew.
  std::vector<double> stated_times();

  // The present one, until the next call.
  const AVFrame& frame() const { return *frame_; }
  // Of the present frame: seconds after the first one. Times that do not increase or are missing
  // are mended from the frame rate.
  double time_s() const { return time_; }
  int64_t num_frames() const { return frames_; }
  // Frames or packets that were damaged or lost.
  int64_t num_damaged() const { return damaged_; }

 private:
  void open();
  void open_codec();
  void rewind();
  void seek(double time_s);
  bool receive();
  bool receive_drained();
  void send();
  void check_budget() const;
  bool is_damaged_jpeg(const AVPacket& packet) const;
  void set_time();
  double frame_step() const;

  Demuxer& demuxer_;
  FrameBudget budget_;  // before the codec that asks it
  Owned<AVCodecContext> codec_;
  Owned<AVPacket> packet_;
  Owned<AVFrame> frame_;
  bool is_draining_ = false;
  bool has_origin_ = false;
  double origin_ = 0;     // seconds of the first frame, by the container's clock
  double time_ = -1;      // of the present frame
  double previous_ = -1;  // of the one before it
  int64_t frames_ = 0, damaged_ = 0;
};

}  // namespace sana::media
