#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "media/decode/frame_planes.h"
#include "media/ffmpeg.h"
#include "media/picture/shrink.h"

namespace sana::media {
namespace {

constexpr int kChromaZero = 128;

// Whether the first three planes are Y, U and V, and each number in them has its own bytes.
bool has_yuv_planes(const AVFrame& frame, const AVPixFmtDescriptor& format) {
  constexpr uint64_t kOther = AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                              AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_RGB |
                              AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
  if (format.nb_components < 3 || (format.flags & kOther) != 0) return false;
  for (int i = 0; i < 3; ++i) {
    const AVComponentDescriptor& part = format.comp[i];
    if (part.plane != i || part.offset != 0 || part.shift != 0) return false;
    if (part.step != (part.depth + 7) / 8 || part.depth < 8 || part.depth > 16) return false;
    if (frame.linesize[i] <= 0) return false;  // pictures that begin with the last row
  }
  return true;
}

// Plane `index` at this size, its numbers brought to 8 bits, times `scale`, around `zero`.
cv::Mat small_plane(const AVFrame& frame, const AVPixFmtDescriptor& format, int index,
                    cv::Size size, double scale, double zero) {
  const int across = index == 0 ? 0 : format.log2_chroma_w;
  const int down = index == 0 ? 0 : format.log2_chroma_h;
  const int depth = format.comp[index].depth;
  const cv::Mat plane(-(-frame.height >> down), -(-frame.width >> across),
                      depth > 8 ? CV_16UC1 : CV_8UC1, frame.data[index],
                      size_t(frame.linesize[index]));
  cv::Mat small;
  shrunk(plane, size).convertTo(small, CV_8UC1, scale / double(1 << (depth - 8)), -zero * scale);
  return small;
}

// A row of one colour: luma plus shares of U and V, in 1/64. Numbers of 16 bits, of which the
// compiler handles eight at once; the shares are off by less than a level.
void add_colour(const uint8_t* luma, const uint8_t* u, const uint8_t* v, int count, int16_t of_u,
                int16_t of_v, uint8_t* out) {
  for (int x = 0; x < count; ++x) {
    const auto from_u = int16_t(int16_t(u[x] - kChromaZero) * of_u);
    const auto from_v = int16_t(int16_t(v[x] - kChromaZero) * of_v);
    const auto colour = int16_t(int16_t(from_u + from_v + 32) >> 6);
    const auto sum = int16_t(luma[x] + colour);
    out[x] = uint8_t(std::min<int16_t>(255, std::max<int16_t>(0, sum)));
  }
}

// Y reaches from 0 to 255, U and V are as they are stored. The coefficients are those of swscale,
// 1/65536 for the usual range.
cv::Mat bgr_of(const cv::Mat& y, const cv::Mat& u, const cv::Mat& v, const AVFrame& frame) {
  const bool is_said = frame.colorspace != AVCOL_SPC_UNSPECIFIED;
  const int* table = sws_getCoefficients(is_said ? frame.colorspace : SWS_CS_DEFAULT);
  const double range = has_full_range(frame) ? 224.0 / 255 : 1;
  const auto share = [&](int i) { return int16_t(std::lround(table[i] * range / 1024)); };
  const std::array<int16_t, 3> of_u = {share(1), int16_t(-share(2)), 0};
  const std::array<int16_t, 3> of_v = {0, int16_t(-share(3)), share(0)};
  std::array<cv::Mat, 3> colours;
  for (size_t i = 0; i < 3; ++i) {
    colours[i].create(y.size(), CV_8UC1);
    add_colour(y.data, u.data, v.data, int(y.total()), of_u[i], of_v[i], colours[i].data);
  }
  cv::Mat bgr;
  cv::merge(colours.data(), colours.size(), bgr);
  return bgr;
}

}  // namespace

bool has_full_range(const AVFrame& frame) {
  return frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P ||
         frame.format == AV_PIX_FMT_YUVJ422P || frame.format == AV_PIX_FMT_YUVJ444P;
}

std::optional<SmallPicture> shrink_planes(const AVFrame& frame, cv::Size size) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(AVPixelFormat(frame.format));
  if (format == nullptr || !has_yuv_planes(frame, *format)) return std::nullopt;
  const cv::Size half(size.width / 2, size.height / 2);
  SmallPicture small;
  small.luma = has_full_range(frame) ? small_plane(frame, *format, 0, size, 1, 0)
                                     : small_plane(frame, *format, 0, size, 255.0 / 219, 16);
  small.bgr = bgr_of(shrunk(small.luma, half), small_plane(frame, *format, 1, half, 1, 0),
                     small_plane(frame, *format, 2, half, 1, 0), frame);
  return small;
}

}  // namespace sana::media
#endif
