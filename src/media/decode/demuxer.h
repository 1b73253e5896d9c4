// The packets of the video in a file or in bytes at hand. Only in builds with FFmpeg; inside of
// video_stream.cpp.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "media/bytes/byte_source.h"
#include "media/decode/stream_info.h"
#include "media/ffmpeg.h"

namespace sana::media {

class Demuxer {
 public:
  // Opens the container and finds its video. `name` ends as the file is called. Throws
  // UnusableClip: zero bytes, wrong type, truncated, no video, cannot decode, too large.
  Demuxer(std::shared_ptr<const ByteSource> bytes, std::string name);
  Demuxer(const Demuxer&) = delete;  // FFmpeg keeps the address of the cursor
  Demuxer& operator=(const Demuxer&) = delete;

  // What the container said when it was first opened.
  const StreamInfo& info() const { return info_; }
  // Both belong to the demuxer and are others after open().
  const AVStream& stream() const { return *stream_; }
  const AVCodec& decoder() const { return *decoder_; }
  // Seconds of one unit of the stream's time stamps.
  double time_base() const;

  // Opens the container again, at its beginning. Throws as the constructor does.
  void open();

  enum class Read { kPacket, kEnd, kBroken };
  // The video's next packet; those of other streams are passed over. kBroken: the file ends in the
  // middle of something. Throws EnvironmentError when the disk fails.
  Read read(AVPacket& packet);
  // To the last packet at or before the time stamp from which decoding can begin. False where the
  // container cannot do that.
  bool seek(int64_t stamp);

  // Times of the frames that are shown, from the packets that are left: seconds after the first,
  // strictly increasing; empty when a packet has none. Throws EnvironmentError when the disk fails.
  std::vector<double> read_times();

 private:
  // A position in the bytes, for FFmpeg's callbacks.
  struct Cursor {
    std::shared_ptr<const ByteSource> bytes;
    int64_t at = 0;
    bool failed = false;  // exceptions must not pass through C
  };
  static int read_bytes(void* opaque, uint8_t* buffer, int count);
  static int64_t seek_bytes(void* opaque, int64_t offset, int whence);

  void open_container();
  void find_video();
  void describe();
  void check_disk() const;

  std::string name_;
  Cursor cursor_;
  Owned<AVIOContext> io_;  // before the container that reads through it
  Owned<AVFormatContext> container_;
  AVStream* stream_ = nullptr;
  const AVCodec* decoder_ = nullptr;
  StreamInfo info_;
};

}  // namespace sana::media
