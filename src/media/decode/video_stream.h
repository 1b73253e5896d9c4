// A video as a series of frames, through FFmpeg's libraries: read from a file or from an entry of a
// shard, frame by frame, at the size that is asked for. Only in builds with FFmpeg.
#pragma once
#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "media/bytes/byte_source.h"
#include "media/decode/frame_planes.h"
#include "media/decode/stream_info.h"

namespace sana::media {

class VideoStream {
 public:
  // `name` ends as the file is called; it appears in no message. Throws UnusableClip: zero bytes,
  // wrong type, truncated, no video in it (audio only), cannot decode, too large (above 8192x8192).
  VideoStream(std::shared_ptr<const ByteSource> bytes, const std::string& name);
  ~VideoStream();
  VideoStream(const VideoStream&) = delete;
  VideoStream& operator=(const VideoStream&) = delete;

  const StreamInfo& info() const;

  // Decodes the next frame; false at the end. The frame is there until the next call. Packets that
  // cannot be decoded are passed over and counted. Throws UnusableClip (too large) when decoding
  // takes more memory than it may, EnvironmentError when the disk fails.
  bool next();
  // Continues with the frame that is shown at `time_s`, or the first after it. Throws UnusableClip
  // when the stream cannot be opened again.
  bool next_at(double time_s);

  // Times of all frames as the container states them, without decoding: seconds after the first,
  // strictly increasing. Empty when it does not state them all. Begins the stream anew.
  std::vector<double> stated_times();

  // Of the present frame: seconds after the first one. They always increase: times that do not, or
  // are missing, are mended from the frame rate.
  double time_s() const;
  // Full-size luma [H, W] uint8, 0..255, turned as it is shown.
  cv::Mat luma() const;
  // The picture as [h, w, 3] uint8 BGR of this size, turned as it is shown, averaged when it
  // shrinks.
  cv::Mat bgr(cv::Size size) const;
  // For looking at every frame: much faster than bgr(), a little less exact. `size`: even, of its
  // luma, turned as it is shown.
  SmallPicture small(cv::Size size) const;

  // Frames that were given out, and frames or packets that were damaged or lost.
  int64_t num_frames() const;
  int64_t num_damaged() const;
  // Called after decoding: throws UnusableClip when something was damaged or there was no frame,
  // and for a whole video also when less than half of the announced frames came.
  void check_decoded(bool is_whole) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sana::media
