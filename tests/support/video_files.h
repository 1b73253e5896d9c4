// Small video files with properties that OpenCV's writer does not give: pixel formats, display
// matrices, colour properties. Only in builds with FFmpeg.
#pragma once
#include <array>
#include <cstring>
#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "support/catch.h"

namespace sana_test {

struct VideoFileSpec {
  std::string codec = "png";  // lossless, in every FFmpeg
  AVPixelFormat format = AV_PIX_FMT_RGB24;
  std::optional<std::array<int32_t, 9>> matrix;  // by which it wants to be shown
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVColorSpace space = AVCOL_SPC_UNSPECIFIED;
  int fps = 16;
};

// A frame of an RGB format whose numbers have 8 to 16 bits, with the colours of [H, W, 3] uint8
// BGR.
inline sana::media::Owned<AVFrame> rgb_frame(const cv::Mat& bgr, AVPixelFormat format) {
  sana::media::Owned<AVFrame> frame(av_frame_alloc());
  frame->format = format;
  frame->width = bgr.cols;
  frame->height = bgr.rows;
  REQUIRE(av_frame_get_buffer(frame.get(), 0) == 0);
  const AVPixFmtDescriptor* layout = av_pix_fmt_desc_get(format);
  for (int plane = 0; plane < av_pix_fmt_count_planes(format); ++plane) {
    std::memset(frame->data[plane], 0, size_t(frame->linesize[plane]) * size_t(bgr.rows));
  }
  std::vector<uint16_t> line(static_cast<size_t>(bgr.cols));
  for (int c = 0; c < layout->nb_components; ++c) {
    const int most = (1 << layout->comp[c].depth) - 1;
    for (int y = 0; y < bgr.rows; ++y) {
      for (int x = 0; x < bgr.cols; ++x) {
        const int level = c == 3 ? 255 : bgr.at<cv::Vec3b>(y, x)[2 - c];
        line[size_t(x)] = uint16_t((level * most + 127) / 255);
      }
      av_write_image_line(line.data(), frame->data, frame->linesize, layout, 0, y, c, bgr.cols);
    }
  }
  return frame;
}

// A frame of this format through swscale: for those that are not RGB.
inline sana::media::Owned<AVFrame> yuv_frame(const cv::Mat& bgr, AVPixelFormat format) {
  sana::media::Owned<AVFrame> frame(av_frame_alloc());
  frame->format = format;
  frame->width = bgr.cols;
  frame->height = bgr.rows;
  REQUIRE(av_frame_get_buffer(frame.get(), 0) == 0);
  const sana::media::Owned<SwsContext> scaler(sws_getContext(bgr.cols, bgr.rows, AV_PIX_FMT_BGR24,
                                                             bgr.cols, bgr.rows, format, SWS_POINT,
                                                             nullptr, nullptr, nullptr));
  const uint8_t* const planes[] = {bgr.data};
  const int strides[] = {int(bgr.step)};
  sws_scale(scaler.get(), planes, strides, 0, bgr.rows, frame->data, frame->linesize);
  return frame;
}

// Writes pictures [H, W, 3] uint8 BGR; the ending of the name chooses the container.
inline void write_video_file(const std::filesystem::path& file,
                             const std::vector<cv::Mat>& pictures, const VideoFileSpec& spec) {
  using sana::media::Owned;
  AVFormatContext* context = nullptr;
  REQUIRE(avformat_alloc_output_context2(&context, nullptr, nullptr, file.c_str()) >= 0);
  const Owned<AVFormatContext> container(context);
  const AVCodec* encoder = avcodec_find_encoder_by_name(spec.codec.c_str());
  REQUIRE(encoder != nullptr);
  const Owned<AVCodecContext> codec(avcodec_alloc_context3(encoder));
  codec->width = pictures.front().cols;
  codec->height = pictures.front().rows;
  codec->pix_fmt = spec.format;
  codec->time_base = {1, spec.fps};
  codec->framerate = {spec.fps, 1};
  codec->color_primaries = spec.primaries;
  codec->color_trc = spec.transfer;
  codec->colorspace = spec.space;
  codec->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  if ((context->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  }
  REQUIRE(avcodec_open2(codec.get(), encoder, nullptr) >= 0);
  AVStream* stream = avformat_new_stream(context, nullptr);
  avcodec_parameters_from_context(stream->codecpar, codec.get());
  stream->time_base = codec->time_base;
  stream->avg_frame_rate = codec->framerate;
  if (spec.matrix) {
    constexpr size_t kBytes = sizeof *spec.matrix;
#if LIBAVFORMAT_VERSION_MAJOR >= 61
    AVCodecParameters& parameters = *stream->codecpar;
    uint8_t* data =
        av_packet_side_data_new(&parameters.coded_side_data, &parameters.nb_coded_side_data,
                                AV_PKT_DATA_DISPLAYMATRIX, kBytes, 0)
            ->data;
#else
    uint8_t* data = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, kBytes);
#endif
    std::memcpy(data, spec.matrix->data(), kBytes);
  }
  REQUIRE(avio_open(&context->pb, file.c_str(), AVIO_FLAG_WRITE) >= 0);
  REQUIRE(avformat_write_header(context, nullptr) >= 0);
  const Owned<AVPacket> packet(av_packet_alloc());
  const auto write_packets = [&] {
    while (avcodec_receive_packet(codec.get(), packet.get()) >= 0) {
      packet->duration = 1;
      av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
      packet->stream_index = 0;
      REQUIRE(av_interleaved_write_frame(context, packet.get()) >= 0);
    }
  };
  const bool is_rgb = (av_pix_fmt_desc_get(spec.format)->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto frame =
        is_rgb ? rgb_frame(pictures[i], spec.format) : yuv_frame(pictures[i], spec.format);
    frame->pts = int64_t(i);
    REQUIRE(avcodec_send_frame(codec.get(), frame.get()) >= 0);
    write_packets();
  }
  avcodec_send_frame(codec.get(), nullptr);
  write_packets();
  REQUIRE(av_write_trailer(context) >= 0);
}

}  // namespace sana_test
