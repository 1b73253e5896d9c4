#include "media/encode/video_encoder.h"

#include <ATen/ATen.h>

#include <cmath>
#include <memory>

#include "core/build_config.h"
#include "core/error.h"

#if SANA_HAS_VIDEO_IO
#include "media/ffmpeg.h"
#endif

namespace sana::media {
#if SANA_HAS_VIDEO_IO
namespace {

const AVCodec* find_encoder(const VideoFormat& format) {
  for (const std::string& name : format.encoders) {
    const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
    if (codec != nullptr) return codec;
  }
  const bool is_h264 = format.encoders.front() == "libx264";
  return is_h264 ? avcodec_find_encoder(AV_CODEC_ID_H264) : nullptr;
}

void check_ffmpeg(int status, const std::string& what) {
  if (status >= 0) return;
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(status, text, sizeof(text));
  throw EnvironmentError(fmt::format("{}: {}", what, text));
}

}  // namespace

struct VideoEncoder::Impl {
  Impl(const std::filesystem::path& path, const VideoFormat& format, int64_t width, int64_t height,
       double fps)
      : path_(path.string()), kind_(format) {
    AVFormatContext* context = nullptr;
    check_ffmpeg(
        avformat_alloc_output_context2(&context, nullptr, kind_.muxer.c_str(), path_.c_str()),
        path_);
    format_.reset(context);
    format_->flags |= AVFMT_FLAG_BITEXACT;  // no random identity in the file
    open_codec(int(width / 2 * 2), int(height / 2 * 2), fps);
    check_ffmpeg(avio_open(&format_->pb, path_.c_str(), AVIO_FLAG_WRITE), path_);
    check_ffmpeg(avformat_write_header(format_.get(), nullptr), path_);
    scaler_.reset(sws_getContext(codec_->width, codec_->height, AV_PIX_FMT_RGB24, codec_->width,
                                 codec_->height, codec_->pix_fmt, SWS_BICUBIC, nullptr, nullptr,
                                 nullptr));
    if (!is_gif()) {
      // Samples are full-range sRGB; say so in BT.709 limited range, what players assume for HD.
      const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
      sws_setColorspaceDetails(scaler_.get(), bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16);
    }
    frame_.reset(av_frame_alloc());
    frame_->format = codec_->pix_fmt;
    frame_->width = codec_->width;
    frame_->height = codec_->height;
    check_ffmpeg(av_frame_get_buffer(frame_.get(), 0), path_);
  }

  void add(const uint8_t* rgb, int64_t row_bytes) {
    check_ffmpeg(av_frame_make_writable(frame_.get()), path_);
    const int stride = int(row_bytes);
    sws_scale(scaler_.get(), &rgb, &stride, 0, codec_->height, frame_->data, frame_->linesize);
    frame_->pts = frames_++;
    encode(frame_.get());
  }

  void finish() {
    encode(nullptr);
    check_ffmpeg(av_write_trailer(format_.get()), path_);
    const int status = avio_closep(&format_->pb);
    check_ffmpeg(status, path_);
  }

 private:
  bool is_gif() const { return kind_.ending == ".gif"; }

  void open_codec(int width, int height, double fps) {
    const AVCodec* codec = find_encoder(kind_);
    if (codec == nullptr) {
      throw EnvironmentError(fmt::format("{}: FFmpeg has no encoder for {} ({})", path_,
                                         kind_.ending, kind_.encoders.front()));
    }
    codec_.reset(avcodec_alloc_context3(codec));
    codec_->width = width;
    codec_->height = height;
    codec_->pix_fmt = is_gif() ? AV_PIX_FMT_RGB8 : AV_PIX_FMT_YUV420P;
    const int milli_fps = int(std::lround(fps * 1000));
    codec_->time_base = {1000, milli_fps};
    codec_->framerate = {milli_fps, 1000};
    if (!is_gif()) {
      codec_->colorspace = AVCOL_SPC_BT709;
      codec_->color_primaries = AVCOL_PRI_BT709;
      codec_->color_trc = AVCOL_TRC_BT709;
      codec_->color_range = AVCOL_RANGE_MPEG;
    }
    if ((format_->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
      codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    av_opt_set(codec_->priv_data, "crf", "16", 0);
    // x264's macroblock tree reads memory that it has not written, so that equal frames would make
    // other files from run to run.
    av_opt_set(codec_->priv_data, "mbtree", "0", 0);
    check_ffmpeg(avcodec_open2(codec_.get(), codec, nullptr),
                 fmt::format("cannot open the encoder {}", codec->name));
    stream_ = avformat_new_stream(format_.get(), nullptr);
    if (stream_ == nullptr) throw EnvironmentError(path_ + ": FFmpeg made no stream");
    stream_->time_base = codec_->time_base;
    stream_->avg_frame_rate = codec_->framerate;
    check_ffmpeg(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), path_);
  }

  void encode(const AVFrame* frame) {
    check_ffmpeg(avcodec_send_frame(codec_.get(), frame), path_);
    Owned<AVPacket> packet(av_packet_alloc());
    for (;;) {
      const int status = avcodec_receive_packet(codec_.get(), packet.get());
      if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
      check_ffmpeg(status, path_);
      packet->duration = 1;
      av_packet_rescale_ts(packet.get(), codec_->time_base, stream_->time_base);
      packet->stream_index = stream_->index;
      check_ffmpeg(av_interleaved_write_frame(format_.get(), packet.get()), path_);
    }
  }

  std::string path_;
  const VideoFormat& kind_;
  Owned<AVFormatContext> format_;
  Owned<AVCodecContext> codec_;
  Owned<SwsContext> scaler_;
  Owned<AVFrame> frame_;
  AVStream* stream_ = nullptr;
  int64_t frames_ = 0;
};

VideoEncoder::VideoEncoder(const std::filesystem::path& path, const VideoFormat& format,
                           int64_t width, int64_t height, double fps) {
  av_log_set_level(AV_LOG_ERROR);
  impl_ = std::make_unique<Impl>(path, format, width, height, fps);
}

void VideoEncoder::add(const uint8_t* rgb, int64_t row_bytes) { impl_->add(rgb, row_bytes); }

void VideoEncoder::finish() { impl_->finish(); }

bool can_encode_h264() { return find_encoder(*video_format("x.mp4")) != nullptr; }
#else
bool can_encode_h264() { return false; }

struct VideoEncoder::Impl {};

VideoEncoder::VideoEncoder(const std::filesystem::path& path, const VideoFormat&, int64_t, int64_t,
                           double) {
  throw EnvironmentError(path.string() + ": this build has no video encoder (FFmpeg was missing)");
}
void VideoEncoder::add(const uint8_t*, int64_t) {}
void VideoEncoder::finish() {}
#endif
VideoEncoder::~VideoEncoder() = default;

void encode_video(const std::filesystem::path& path, const VideoFormat& format,
                  const at::Tensor& frames, double fps) {
  VideoEncoder encoder(path, format, frames.size(2), frames.size(1), fps);
  const int64_t row_bytes = frames.size(2) * 3;
  const int64_t frame_bytes = frames.size(1) * row_bytes;
  for (int64_t i = 0; i < frames.size(0); ++i) {
    encoder.add(frames.const_data_ptr<uint8_t>() + i * frame_bytes, row_bytes);
  }
  encoder.finish();
}

}  // namespace sana::media
