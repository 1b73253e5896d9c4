#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string_view>

#include "media/decode/frame_pictures.h"
#include "media/picture/shrink.h"
#include "media/unusable.h"

namespace sana::media {
namespace {

// Not YUV and not grey: what swscale takes through YUV has to come back by the same matrix. FFmpeg
// counts neither palettes nor DCI's XYZ, which swscale makes RGB, as RGB.
bool is_rgb(const AVPixFmtDescriptor& format) {
  constexpr uint64_t kRgb = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BAYER;
  return (format.flags & kRgb) != 0 || std::string_view(format.name).starts_with("xyz");
}

// Whether data[0] is a plane of 8-bit luma.
bool has_luma_plane(int format) {
  constexpr std::array kFormats = {AV_PIX_FMT_YUV420P,  AV_PIX_FMT_YUV422P,  AV_PIX_FMT_YUV444P,
                                   AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P,
                                   AV_PIX_FMT_YUV411P,  AV_PIX_FMT_NV12,     AV_PIX_FMT_GRAY8};
  return std::find(kFormats.begin(), kFormats.end(), format) != kFormats.end();
}

// The plane itself, which the decoder still needs, copied.
cv::Mat luma_plane(const AVFrame& frame) {
  const cv::Mat plane(frame.height, frame.width, CV_8UC1, frame.data[0], size_t(frame.linesize[0]));
  if (has_full_range(frame)) return plane.clone();
  cv::Mat luma;
  plane.convertTo(luma, CV_8UC1, 255.0 / 219, -16 * 255.0 / 219);
  return luma;
}

}  // namespace

cv::Mat FramePictures::as_shown(const cv::Mat& stored) const {
  cv::Mat picture = stored;
  if (rotation_ != 0) {
    cv::rotate(stored, picture,
               rotation_ == 90    ? cv::ROTATE_90_CLOCKWISE
               : rotation_ == 180 ? cv::ROTATE_180
                                  : cv::ROTATE_90_COUNTERCLOCKWISE);
  }
  if (!is_mirrored_) return picture;
  cv::Mat mirrored;
  cv::flip(picture, mirrored, 1);
  return mirrored;
}

cv::Size FramePictures::as_stored(cv::Size shown) const {
  return rotation_ % 180 == 90 ? cv::Size(shown.height, shown.width) : shown;
}

// Kept until something about it changes.
SwsContext* FramePictures::scaler_for(const AVFrame& frame, cv::Size size, AVPixelFormat to) {
  const int range = has_full_range(frame) ? 1 : 0;
  const std::array<int, 8> key = {frame.width, frame.height, frame.format, frame.colorspace,
                                  range,       size.width,   size.height,  to};
  if (scaler_ && key == scaler_key_) return scaler_.get();
  const auto format = AVPixelFormat(frame.format);
  const AVPixFmtDescriptor* layout = av_pix_fmt_desc_get(format);
  const bool has_rgb = layout != nullptr && is_rgb(*layout);
  // RGB has a colour in every pixel.
  constexpr int kAllColour = SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT | SWS_ACCURATE_RND;
  scaler_.reset(sws_getContext(frame.width, frame.height, format, size.width, size.height, to,
                               SWS_BILINEAR | (has_rgb ? kAllColour : 0), nullptr, nullptr,
                               nullptr));
  scaler_key_ = key;
  if (!scaler_) throw UnusableClip("cannot decode", "its pixel format is not known", kReencode);
  const bool is_said = !has_rgb && frame.colorspace != AVCOL_SPC_UNSPECIFIED;
  sws_setColorspaceDetails(scaler_.get(),
                           sws_getCoefficients(is_said ? frame.colorspace : SWS_CS_DEFAULT), range,
                           sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  return scaler_.get();
}

// Rows lie wider apart than they are long: swscale writes whole vectors, beyond the end of a row.
// The picture is copied out of them, since OpenCV's filters look past the edge of a part of a
// larger matrix, into what was never written.
cv::Mat FramePictures::scaled(const AVFrame& frame, cv::Size size, int type, AVPixelFormat to) {
  constexpr int kVector = 64;  // pixels
  const cv::Mat padded(size.height, (size.width / kVector + 2) * kVector, type);
  uint8_t* const planes[] = {padded.data};
  const int strides[] = {int(padded.step)};
  sws_scale(scaler_for(frame, size, to), frame.data, frame.linesize, 0, frame.height, planes,
            strides);
  return padded.colRange(0, size.width).clone();
}

cv::Mat FramePictures::luma(const AVFrame& frame) {
  const bool has_plane = has_luma_plane(frame.format) && frame.linesize[0] > 0;
  return as_shown(has_plane
                      ? luma_plane(frame)
                      : scaled(frame, {frame.width, frame.height}, CV_8UC1, AV_PIX_FMT_GRAY8));
}

cv::Mat FramePictures::bgr(const AVFrame& frame, cv::Size size) {
  return as_shown(scaled(frame, as_stored(size), CV_8UC3, AV_PIX_FMT_BGR24));
}

SmallPicture FramePictures::small(const AVFrame& frame, cv::Size size) {
  const cv::Size stored = as_stored(size);
  std::optional<SmallPicture> small = shrink_planes(frame, stored);
  if (!small) {
    const cv::Mat bgr = scaled(frame, stored, CV_8UC3, AV_PIX_FMT_BGR24);
    small.emplace();
    cv::cvtColor(bgr, small->luma, cv::COLOR_BGR2GRAY);
    small->bgr = shrunk(bgr, {stored.width / 2, stored.height / 2});
  }
  return {as_shown(small->luma), as_shown(small->bgr)};
}

}  // namespace sana::media
#endif
