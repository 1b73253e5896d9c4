#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <mutex>

#include "core/error.h"
#include "media/bytes/media_type.h"
#include "media/decode/demuxer.h"
#include "media/picture_limit.h"
#include "media/unusable.h"

namespace sana::media {
namespace {

constexpr int kBufferBytes = 64 << 10;

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

// What the display matrix asks for, to the nearest quarter of a turn.
void add_orientation(const AVStream* stream, StreamInfo& info) {
  const uint8_t* bytes = display_matrix(stream);
  if (bytes == nullptr) return;
  std::array<int32_t, 9> matrix{};
  std::memcpy(matrix.data(), bytes, sizeof matrix);
  info.is_mirrored = double(matrix[0]) * matrix[4] < double(matrix[1]) * matrix[3];
  // Without the mirror at its end, a rotation is left.
  for (const size_t of_x : {0, 3}) {
    if (info.is_mirrored) matrix[of_x] = -std::max(matrix[of_x], -INT32_MAX);
  }
  const double angle = av_display_rotation_get(matrix.data());
  if (!std::isnan(angle)) info.rotation = ((int(std::lround(-angle / 90)) % 4 + 4) % 4) * 90;
}

}  // namespace

int Demuxer::read_bytes(void* opaque, uint8_t* buffer, int count) {
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

int64_t Demuxer::seek_bytes(void* opaque, int64_t offset, int whence) {
  auto& cursor = *static_cast<Cursor*>(opaque);
  const int64_t size = cursor.bytes->size();
  if ((whence & AVSEEK_SIZE) != 0) return size;
  const int64_t base = whence == SEEK_CUR ? cursor.at : whence == SEEK_END ? size : 0;
  if (base + offset < 0) return AVERROR(EINVAL);
  return cursor.at = base + offset;
}

Demuxer::Demuxer(std::shared_ptr<const ByteSource> bytes, std::string name)
    : name_(std::move(name)) {
  prepare_ffmpeg();
  check_media(*bytes, name_, /*expect_image=*/false);
  cursor_.bytes = std::move(bytes);
  open();
  describe();
}

void Demuxer::open() {
  open_container();
  find_video();
}

void Demuxer::open_container() {
  cursor_.at = 0;
  container_.reset();
  io_.reset(avio_alloc_context(static_cast<uint8_t*>(av_malloc(kBufferBytes)), kBufferBytes, 0,
                               &cursor_, read_bytes, nullptr, seek_bytes));
  AVFormatContext* context = avformat_alloc_context();
  context->pb = io_.get();
  if (avformat_open_input(&context, name_.c_str(), nullptr, nullptr) < 0) {  // frees it
    check_disk();
    const MediaType type = media_type(*cursor_.bytes);
    if (type == MediaType::kUnknown) throw_wrong_type(name_, type);
    throw UnusableClip("cannot decode", "FFmpeg cannot open it as a video", kReencode);
  }
  container_.reset(context);
}

void Demuxer::find_video() {
  const bool has_streams = avformat_find_stream_info(container_.get(), nullptr) >= 0;
  const int index =
      has_streams ? av_find_best_stream(container_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder_, 0)
                  : AVERROR_STREAM_NOT_FOUND;
  if (index == AVERROR_DECODER_NOT_FOUND) {
    throw UnusableClip("cannot decode", "FFmpeg has no decoder for its video", kReencode);
  }
  if (index < 0) throw UnusableClip("no video", "it has no video stream", "leave it out");
  stream_ = container_->streams[index];
  if ((stream_->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    throw UnusableClip("no video", "its only picture is the cover of a sound file", "leave it out");
  }
  for (unsigned i = 0; i < container_->nb_streams; ++i) {
    if (int(i) != index) container_->streams[i]->discard = AVDISCARD_ALL;
  }
  const AVCodecParameters& parameters = *stream_->codecpar;
  // Some containers leave the size to the decoder, which has the same limit.
  if (parameters.width > 0 && parameters.height > 0) {
    check_picture_size(parameters.width, parameters.height);
  }
}

void Demuxer::describe() {
  const AVCodecParameters& parameters = *stream_->codecpar;
  info_.codec = avcodec_get_name(parameters.codec_id);
  const char* pixels = av_get_pix_fmt_name(AVPixelFormat(parameters.format));
  info_.pixel_format = pixels == nullptr ? "unknown" : pixels;
  const AVPixFmtDescriptor* layout = av_pix_fmt_desc_get(AVPixelFormat(parameters.format));
  info_.bit_depth = layout == nullptr ? 0 : layout->comp[0].depth;
  info_.hdr = hdr_of(parameters.color_primaries, parameters.color_trc);
  add_orientation(stream_, info_);
  const bool is_on_side = info_.rotation % 180 == 90;
  info_.width = is_on_side ? parameters.height : parameters.width;
  info_.height = is_on_side ? parameters.width : parameters.height;
  // What no camera has is no statement; pictures would be drawn out to any width.
  constexpr double kMostAspect = 16;
  const double aspect = as_double(av_guess_sample_aspect_ratio(container_.get(), stream_, nullptr));
  const bool is_said = aspect >= 1 / kMostAspect && aspect <= kMostAspect;
  info_.pixel_aspect = !is_said ? 1 : is_on_side ? 1 / aspect : aspect;
  info_.fps = as_double(stream_->avg_frame_rate);
  if (stream_->duration > 0) {
    info_.duration_s = double(stream_->duration) * time_base();
  } else if (container_->duration > 0) {
    info_.duration_s = double(container_->duration) / AV_TIME_BASE;
  }
  info_.announced_frames = stream_->nb_frames;
  info_.bit_rate = double(parameters.bit_rate);
  if (info_.bit_rate <= 0 && info_.duration_s > 0) {
    info_.bit_rate = 8 * double(cursor_.bytes->size()) / info_.duration_s;
  }
}

void Demuxer::check_disk() const {
  if (cursor_.failed) throw EnvironmentError(name_ + ": the disk cannot be read");
}

double Demuxer::time_base() const { return as_double(stream_->time_base); }

Demuxer::Read Demuxer::read(AVPacket& packet) {
  while (true) {
    const int status = av_read_frame(container_.get(), &packet);
    if (status < 0) {
      check_disk();
      return status == AVERROR_EOF ? Read::kEnd : Read::kBroken;
    }
    if (packet.stream_index == stream_->index) return Read::kPacket;
    av_packet_unref(&packet);
  }
}

bool Demuxer::seek(int64_t stamp) {
  return av_seek_frame(container_.get(), stream_->index, stamp, AVSEEK_FLAG_BACKWARD) >= 0;
}

std::vector<double> Demuxer::read_times() {
  std::vector<int64_t> stamps;
  bool are_complete = true;
  const Owned<AVPacket> packet(av_packet_alloc());
  while (read(*packet) == Read::kPacket) {
    const bool is_shown = (packet->flags & AV_PKT_FLAG_DISCARD) == 0;
    if (is_shown) stamps.push_back(packet->pts);
    are_complete = are_complete && (!is_shown || packet->pts != AV_NOPTS_VALUE);
    av_packet_unref(packet.get());
  }
  if (!are_complete) return {};
  std::sort(stamps.begin(), stamps.end());
  stamps.erase(std::unique(stamps.begin(), stamps.end()), stamps.end());
  std::vector<double> times;
  for (const int64_t stamp : stamps) {
    times.push_back(double(stamp - stamps.front()) * time_base());
  }
  return times;
}

}  // namespace sana::media
#endif
