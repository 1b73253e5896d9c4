#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "media/decode/frame_decoder.h"
#include "media/picture/jpeg_check.h"
#include "media/picture_limit.h"
#include "media/unusable.h"

namespace sana::media {
namespace {

constexpr double kUnknownFps = 25;  // what FFmpeg assumes, too
constexpr double kDecodeAhead = 2;  // seconds; for frames further away, seeking is faster

}  // namespace

FrameDecoder::FrameDecoder(Demuxer& demuxer) : demuxer_(demuxer) { open_codec(); }

void FrameDecoder::open() {
  codec_.reset();
  demuxer_.open();
  open_codec();
}

void FrameDecoder::open_codec() {
  const AVStream& stream = demuxer_.stream();
  codec_.reset(avcodec_alloc_context3(&demuxer_.decoder()));
  avcodec_parameters_to_context(codec_.get(), stream.codecpar);
  codec_->thread_count = 1;  // files are read in parallel
  codec_->max_pixels = kMaxPixels;
  budget_.watch(*codec_);
  codec_->pkt_timebase = stream.time_base;
  if (avcodec_open2(codec_.get(), &demuxer_.decoder(), nullptr) < 0) {
    throw UnusableClip("cannot decode", "its video stream cannot be opened", kReencode);
  }
  packet_.reset(av_packet_alloc());
  frame_.reset(av_frame_alloc());
  is_draining_ = false;
}

// To before the first frame.
void FrameDecoder::rewind() {
  open();
  has_origin_ = false;
  time_ = previous_ = -1;
  frames_ = damaged_ = 0;
}

void FrameDecoder::seek(double time_s) {
  const auto stamp = int64_t(std::floor((origin_ + time_s) / demuxer_.time_base()));
  if (demuxer_.seek(stamp)) {
    avcodec_flush_buffers(codec_.get());
    is_draining_ = false;
  } else {
    open();  // from the start, then
  }
  time_ = -1;
}

double FrameDecoder::frame_step() const {
  const double fps = demuxer_.info().fps;
  return 1 / (fps > 0 ? fps : kUnknownFps);
}

void FrameDecoder::set_time() {
  const int64_t stamp = frame_->best_effort_timestamp;
  previous_ = time_;
  if (stamp == AV_NOPTS_VALUE) {
    time_ = has_origin_ ? previous_ + frame_step() : 0;
    has_origin_ = true;
    return;
  }
  const double seconds = double(stamp) * demuxer_.time_base();
  if (!has_origin_) origin_ = seconds;
  has_origin_ = true;
  time_ = seconds - origin_;
  if (time_ <= previous_) time_ = previous_ + frame_step();
}

// False when the decoder wants another packet, or has no more to give.
bool FrameDecoder::receive() {
  const int status = avcodec_receive_frame(codec_.get(), frame_.get());
  if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return false;
  check_budget();
  if (status < 0) {
    ++damaged_;
    return false;
  }
  if (frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0) ++damaged_;
  set_time();
  ++frames_;
  return true;
}

// FFmpeg's decoder of Motion JPEG conceals what is wrong. What libjpeg does not take as a picture,
// such as frames of other kinds of JPEG, is left to it.
bool FrameDecoder::is_damaged_jpeg(const AVPacket& packet) const {
  if (codec_->codec_id != AV_CODEC_ID_MJPEG) return false;
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(packet.data), size_t(packet.size));
    return !check_jpeg(bytes, JpegUse::kVideoFrame).damage.empty();
  } catch (const UnusableClip&) {
    return false;
  }
}

// Hands the decoder one packet, or the news that there are no more.
void FrameDecoder::send() {
  const Demuxer::Read read = demuxer_.read(*packet_);
  if (read != Demuxer::Read::kPacket) {
    if (read == Demuxer::Read::kBroken) ++damaged_;
    avcodec_send_packet(codec_.get(), nullptr);
    is_draining_ = true;
    return;
  }
  const int sent = avcodec_send_packet(codec_.get(), packet_.get());
  if ((packet_->flags & AV_PKT_FLAG_CORRUPT) != 0 || sent < 0 || is_damaged_jpeg(*packet_)) {
    ++damaged_;
  }
  av_packet_unref(packet_.get());
  check_budget();
}

void FrameDecoder::check_budget() const {
  if (!budget_.is_exceeded()) return;
  throw UnusableClip("too large",
                     fmt::format("decoding {}x{} pixels keeps more than {} MiB of frames",
                                 codec_->width, codec_->height, FrameBudget::kMostBytes >> 20),
                     "scale it down");
}

// Damaged frames at the very end are passed over, too.
bool FrameDecoder::receive_drained() {
  constexpr int kTries = 64;
  for (int i = 0; i < kTries; ++i) {
    const int64_t damaged_before = damaged_;
    if (receive()) return true;
    if (damaged_ == damaged_before) return false;
  }
  return false;
}

bool FrameDecoder::next() {
  while (!receive()) {
    if (is_draining_) return receive_drained();
    send();
  }
  return true;
}

bool FrameDecoder::next_at(double time_s) {
  // The clock starts with the first frame, so that one must have been seen.
  if (!has_origin_ && !next()) return false;
  const double near = time_s - frame_step() / 2;
  if (time_ >= near && previous_ < near) return true;  // it is the present one
  if (time_ > near || time_s - time_ > kDecodeAhead) {
    seek(time_s);
    if (!next()) return false;
    if (time_ > time_s + frame_step()) {  // some containers only jump forward
      open();
      time_ = -1;
      if (!next()) return false;
    }
  }
  while (time_ < near) {
    if (!next()) return false;
  }
  return true;
}

std::vector<double> FrameDecoder::stated_times() {
  rewind();
  auto times = demuxer_.read_times();
  rewind();
  return times;
}

}  // namespace sana::media
#endif
