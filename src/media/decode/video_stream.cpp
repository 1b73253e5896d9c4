#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "core/error.h"
#include "media/bytes/media_type.h"
#include "media/decode/video_stream.h"
#include "media/ffmpeg.h"
#include "media/picture/shrink.h"
#include "media/unusable.h"

namespace sana::media {
namespace {

constexpr int kBufferBytes = 64 << 10;
constexpr int64_t kMaxPixels = int64_t(8192) * 8192;
constexpr double kUnknownFps = 25;  // what FFmpeg assumes, too

// Once in the process: damaged files are reported by us instead of line by line, and a header that
// announces gigabytes is refused instead of allocated.
void prepare_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] {
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(size_t(1) << 30);
  });
}

double as_double(AVRational rational) { return rational.den == 0 ? 0 : av_q2d(rational); }

int rotation_of(const AVStream* stream) {
  const uint8_t* matrix = display_matrix(stream);
  if (matrix == nullptr) return 0;
  const double angle = av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix));
  if (std::isnan(angle)) return 0;
  return ((int(std::lround(-angle / 90)) % 4 + 4) % 4) * 90;
}

cv::Mat turned(const cv::Mat& picture, int rotation) {
  if (rotation == 0) return picture;
  cv::Mat out;
  cv::rotate(picture, out,
             rotation == 90    ? cv::ROTATE_90_CLOCKWISE
             : rotation == 180 ? cv::ROTATE_180
                               : cv::ROTATE_90_COUNTERCLOCKWISE);
  return out;
}

// Whether data[0] is a plane of 8-bit luma.
bool has_luma_plane(int format) {
  constexpr std::array kFormats = {AV_PIX_FMT_YUV420P,  AV_PIX_FMT_YUV422P,  AV_PIX_FMT_YUV444P,
                                   AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P,
                                   AV_PIX_FMT_YUV411P,  AV_PIX_FMT_NV12,     AV_PIX_FMT_GRAY8};
  return std::find(kFormats.begin(), kFormats.end(), format) != kFormats.end();
}

}  // namespace

struct VideoStream::Impl {
  // A position in the bytes, for FFmpeg's callbacks.
  struct Cursor {
    std::shared_ptr<const ByteSource> bytes;
    int64_t at = 0;
    bool failed = false;  // exceptions must not pass through C
  };

  static int read_packet(void* opaque, uint8_t* buffer, int count) {
    auto& cursor = *static_cast<Cursor*>(opaque);
    try {
      const int64_t got = cursor.bytes->read(cursor.at, reinterpret_cast<char*>(buffer), count);
      cursor.at += got;
      return got > 0 ? int(got) : AVERROR_EOF;
    } catch (const EnvironmentError&) {
      cursor.failed = true;
      return AVERROR(EIO);
    }
  }

  static int64_t seek_packet(void* opaque, int64_t offset, int whence) {
    auto& cursor = *static_cast<Cursor*>(opaque);
    const int64_t size = cursor.bytes->size();
    if ((whence & AVSEEK_SIZE) != 0) return size;
    const int64_t base = whence == SEEK_CUR ? cursor.at : whence == SEEK_END ? size : 0;
    if (base + offset < 0) return AVERROR(EINVAL);
    return cursor.at = base + offset;
  }

  std::string name;
  Cursor cursor;
  Owned<AVIOContext> io;
  Owned<AVFormatContext> format;
  Owned<AVCodecContext> codec;
  Owned<AVPacket> packet;
  Owned<AVFrame> frame;
  mutable Owned<SwsContext> scaler;
  mutable std::array<int, 8> scaler_key{};
  AVStream* stream = nullptr;
  StreamInfo info;

  bool is_draining = false;
  bool has_origin = false;
  double origin = 0;     // seconds of the first frame, by the container's clock
  double time = -1;      // of the present frame
  double previous = -1;  // of the one before it
  int64_t frames = 0, damaged = 0;

  Impl(std::shared_ptr<const ByteSource> bytes, std::string file) : name(std::move(file)) {
    prepare_ffmpeg();
    check_media(*bytes, name, /*expect_image=*/false);
    cursor.bytes = std::move(bytes);
    open();
    describe();
  }

  void open() {
    cursor.at = 0;
    codec.reset();
    format.reset();
    io.reset(avio_alloc_context(static_cast<uint8_t*>(av_malloc(kBufferBytes)), kBufferBytes, 0,
                                &cursor, read_packet, nullptr, seek_packet));
    AVFormatContext* context = avformat_alloc_context();
    context->pb = io.get();
    if (avformat_open_input(&context, name.c_str(), nullptr, nullptr) < 0) {  // frees it
      check_disk();
      const MediaType type = media_type(*cursor.bytes);
      if (type == MediaType::kUnknown) throw_wrong_type(name, type);
      throw UnusableClip("cannot decode", "FFmpeg cannot open it as a video", kReencode);
    }
    format.reset(context);
    open_codec();
  }

  void open_codec() {
    const bool has_streams = avformat_find_stream_info(format.get(), nullptr) >= 0;
    const AVCodec* decoder = nullptr;
    const int index =
        has_streams ? av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0)
                    : AVERROR_STREAM_NOT_FOUND;
    if (index == AVERROR_DECODER_NOT_FOUND) {
      throw UnusableClip("cannot decode", "FFmpeg has no decoder for its video", kReencode);
    }
    if (index < 0) throw UnusableClip("no video", "it has no video stream", "leave it out");
    stream = format->streams[index];
    if ((stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
      throw UnusableClip("no video", "its only picture is the cover of a sound file",
                         "leave it out");
    }
    for (unsigned i = 0; i < format->nb_streams; ++i) {
      if (int(i) != index) format->streams[i]->discard = AVDISCARD_ALL;
    }
    const AVCodecParameters& parameters = *stream->codecpar;
    if (int64_t(parameters.width) * parameters.height > kMaxPixels) {
      throw UnusableClip("too large",
                         fmt::format("{}x{} pixels", parameters.width, parameters.height),
                         "scale it down; up to 8192x8192 is read");
    }
    codec.reset(avcodec_alloc_context3(decoder));
    avcodec_parameters_to_context(codec.get(), stream->codecpar);
    codec->thread_count = 1;  // files are read in parallel
    codec->max_pixels = kMaxPixels;
    codec->pkt_timebase = stream->time_base;
    if (avcodec_open2(codec.get(), decoder, nullptr) < 0) {
      throw UnusableClip("cannot decode", "its video stream cannot be opened", kReencode);
    }
    packet.reset(av_packet_alloc());
    frame.reset(av_frame_alloc());
    is_draining = false;
  }

  void describe() {
    const AVCodecParameters& parameters = *stream->codecpar;
    info.codec = avcodec_get_name(parameters.codec_id);
    const char* pixels = av_get_pix_fmt_name(AVPixelFormat(parameters.format));
    info.pixel_format = pixels == nullptr ? "unknown" : pixels;
    info.rotation = rotation_of(stream);
    const bool is_on_side = info.rotation % 180 == 90;
    info.width = is_on_side ? parameters.height : parameters.width;
    info.height = is_on_side ? parameters.width : parameters.height;
    const double aspect = as_double(av_guess_sample_aspect_ratio(format.get(), stream, nullptr));
    info.pixel_aspect = aspect <= 0 ? 1 : is_on_side ? 1 / aspect : aspect;
    info.fps = as_double(stream->avg_frame_rate);
    if (stream->duration > 0) {
      info.duration_s = double(stream->duration) * as_double(stream->time_base);
    } else if (format->duration > 0) {
      info.duration_s = double(format->duration) / AV_TIME_BASE;
    }
    info.announced_frames = stream->nb_frames;
    info.bit_rate = double(parameters.bit_rate);
    if (info.bit_rate <= 0 && info.duration_s > 0) {
      info.bit_rate = 8 * double(cursor.bytes->size()) / info.duration_s;
    }
  }

  void check_disk() const {
    if (cursor.failed) throw EnvironmentError(name + ": the disk cannot be read");
  }

  double frame_step() const { return 1 / (info.fps > 0 ? info.fps : kUnknownFps); }

  void set_time() {
    const int64_t stamp = frame->best_effort_timestamp;
    previous = time;
    if (stamp == AV_NOPTS_VALUE) {
      time = has_origin ? previous + frame_step() : 0;
      has_origin = true;
      return;
    }
    const double seconds = double(stamp) * as_double(stream->time_base);
    if (!has_origin) origin = seconds;
    has_origin = true;
    time = seconds - origin;
    if (time <= previous) time = previous + frame_step();
  }

  // False when the decoder wants another packet, or has no more to give.
  bool receive() {
    const int status = avcodec_receive_frame(codec.get(), frame.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return false;
    if (status < 0) {
      ++damaged;
      return false;
    }
    if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0) ++damaged;
    set_time();
    ++frames;
    return true;
  }

  // Hands the decoder one packet of the video; false at the end of the file.
  bool send() {
    while (true) {
      const int status = av_read_frame(format.get(), packet.get());
      if (status < 0) {
        check_disk();
        if (status != AVERROR_EOF) ++damaged;
        avcodec_send_packet(codec.get(), nullptr);
        is_draining = true;
        return false;
      }
      const bool is_ours = packet->stream_index == stream->index;
      const int sent = is_ours ? avcodec_send_packet(codec.get(), packet.get()) : 0;
      if (is_ours && ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0 || sent < 0)) ++damaged;
      av_packet_unref(packet.get());
      if (is_ours) return true;
    }
  }

  bool next() {
    while (!receive()) {
      if (is_draining) return receive_drained();
      send();
    }
    return true;
  }

  // Damaged frames at the very end are passed over, too.
  bool receive_drained() {
    for (int tries = 0; tries < 64; ++tries) {
      const int64_t damaged_before = damaged;
      if (receive()) return true;
      if (damaged == damaged_before) return false;
    }
    return false;
  }

  void seek(double seconds) {
    const auto stamp = int64_t(std::floor((origin + seconds) / as_double(stream->time_base)));
    if (av_seek_frame(format.get(), stream->index, stamp, AVSEEK_FLAG_BACKWARD) < 0) {
      open();  // from the start, then
    } else {
      avcodec_flush_buffers(codec.get());
      is_draining = false;
    }
    time = -1;
  }

  // Presentation times of the packets that are shown; empty when one has none.
  std::vector<double> packet_times() {
    std::vector<int64_t> stamps;
    bool are_complete = true;
    while (av_read_frame(format.get(), packet.get()) >= 0) {
      const bool is_shown =
          packet->stream_index == stream->index && (packet->flags & AV_PKT_FLAG_DISCARD) == 0;
      if (is_shown) stamps.push_back(packet->pts);
      are_complete = are_complete && (!is_shown || packet->pts != AV_NOPTS_VALUE);
      av_packet_unref(packet.get());
    }
    check_disk();
    if (!are_complete) return {};
    std::sort(stamps.begin(), stamps.end());
    stamps.erase(std::unique(stamps.begin(), stamps.end()), stamps.end());
    std::vector<double> times;
    for (const int64_t stamp : stamps) {
      times.push_back(double(stamp - stamps.front()) * as_double(stream->time_base));
    }
    return times;
  }

  // To before the first frame.
  void rewind() {
    open();
    has_origin = false;
    time = previous = -1;
    frames = damaged = 0;
  }

  // Kept until something about it changes.
  SwsContext* scaler_to(int width, int height, AVPixelFormat to) const {
    const int range = has_full_range(*frame) ? 1 : 0;
    const std::array<int, 8> key = {frame->width, frame->height, frame->format, frame->colorspace,
                                    range,        width,         height,        to};
    if (scaler && key == scaler_key) return scaler.get();
    scaler.reset(sws_getContext(frame->width, frame->height, AVPixelFormat(frame->format), width,
                                height, to, SWS_BILINEAR, nullptr, nullptr, nullptr));
    scaler_key = key;
    if (!scaler) throw UnusableClip("cannot decode", "its pixel format is not known", kReencode);
    const bool is_said = frame->colorspace != AVCOL_SPC_UNSPECIFIED;
    sws_setColorspaceDetails(scaler.get(),
                             sws_getCoefficients(is_said ? frame->colorspace : SWS_CS_DEFAULT),
                             range, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    return scaler.get();
  }

  // Rows lie wider apart than they are long: swscale writes whole vectors, beyond the end of a row.
  // The picture is copied out of them, since OpenCV's filters look past the edge of a part of a
  // larger matrix, into what was never written.
  cv::Mat scaled(cv::Size size, int type, AVPixelFormat to) const {
    constexpr int kVector = 64;  // pixels
    const cv::Mat padded(size.height, (size.width / kVector + 2) * kVector, type);
    uint8_t* const planes[] = {padded.data};
    const int strides[] = {int(padded.step)};
    sws_scale(scaler_to(size.width, size.height, to), frame->data, frame->linesize, 0,
              frame->height, planes, strides);
    return padded.colRange(0, size.width).clone();
  }
};

VideoStream::VideoStream(std::shared_ptr<const ByteSource> bytes, const std::string& name)
    : impl_(std::make_unique<Impl>(std::move(bytes), name)) {}
VideoStream::~VideoStream() = default;

const StreamInfo& VideoStream::info() const { return impl_->info; }
bool VideoStream::next() { return impl_->next(); }
double VideoStream::time_s() const { return impl_->time; }
int64_t VideoStream::num_frames() const { return impl_->frames; }
int64_t VideoStream::num_damaged() const { return impl_->damaged; }

void VideoStream::check_decoded(bool is_whole) const {
  const int64_t frames = num_frames(), announced = info().announced_frames;
  if (num_damaged() > 0) {
    throw UnusableClip("damaged",
                       fmt::format("{} of {} frames or packets are damaged", num_damaged(), frames),
                       "copy the file again");
  }
  if (frames == 0) throw UnusableClip("cannot decode", "no frame could be decoded", kReencode);
  // Half: some containers only estimate the number, and cuts without re-encoding hide frames.
  if (is_whole && 2 * frames < announced) {
    throw UnusableClip("truncated",
                       fmt::format("{} of {} announced frames could be decoded", frames, announced),
                       "copy the file again");
  }
}

std::vector<double> VideoStream::stated_times() {
  impl_->rewind();
  auto times = impl_->packet_times();
  impl_->rewind();
  return times;
}

bool VideoStream::next_at(double time_s) {
  // The clock starts with the first frame, so that one must have been seen.
  if (!impl_->has_origin && !next()) return false;
  const double near = time_s - impl_->frame_step() / 2;
  if (impl_->time >= near && impl_->previous < near) return true;  // it is the present one
  if (impl_->time > near || time_s - impl_->time > 2) {
    impl_->seek(time_s);
    if (!next()) return false;
    if (impl_->time > time_s + impl_->frame_step()) {  // some containers only jump forward
      impl_->open();
      impl_->time = -1;
      if (!next()) return false;
    }
  }
  while (impl_->time < near) {
    if (!next()) return false;
  }
  return true;
}

cv::Mat VideoStream::luma() const {
  const AVFrame& frame = *impl_->frame;
  cv::Mat luma;
  if (has_luma_plane(frame.format) && frame.linesize[0] > 0) {
    const cv::Mat plane(frame.height, frame.width, CV_8UC1, frame.data[0],
                        size_t(frame.linesize[0]));
    if (has_full_range(frame)) {
      luma = plane.clone();
    } else {
      plane.convertTo(luma, CV_8UC1, 255.0 / 219, -16 * 255.0 / 219);
    }
  } else {
    luma = impl_->scaled({frame.width, frame.height}, CV_8UC1, AV_PIX_FMT_GRAY8);
  }
  return turned(luma, impl_->info.rotation);
}

cv::Mat VideoStream::bgr(cv::Size size) const {
  const bool is_on_side = impl_->info.rotation % 180 == 90;
  const cv::Size asked = is_on_side ? cv::Size(size.height, size.width) : size;
  return turned(impl_->scaled(asked, CV_8UC3, AV_PIX_FMT_BGR24), impl_->info.rotation);
}

SmallPicture VideoStream::small(cv::Size size) const {
  const int rotation = impl_->info.rotation;
  const cv::Size asked = rotation % 180 == 90 ? cv::Size(size.height, size.width) : size;
  std::optional<SmallPicture> small = shrink_planes(*impl_->frame, asked);
  if (!small) {
    const cv::Mat bgr = impl_->scaled(asked, CV_8UC3, AV_PIX_FMT_BGR24);
    small.emplace();
    cv::cvtColor(bgr, small->luma, cv::COLOR_BGR2GRAY);
    small->bgr = shrunk(bgr, {asked.width / 2, asked.height / 2});
  }
  return {turned(small->luma, rotation), turned(small->bgr, rotation)};
}

}  // namespace sana::media
#endif
