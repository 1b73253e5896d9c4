// Pictures out of decoded frames: their colours, turned as they are shown, at the size that is
// asked for. Only in builds with FFmpeg; inside of video_stream.cpp.
#pragma once
#include <array>
#include <opencv2/core.hpp>

#include "media/decode/frame_planes.h"
#include "media/decode/stream_info.h"
#include "media/ffmpeg.h"

namespace sana::media {

// Of one video's frames: what swscale needs is kept from frame to frame. Every picture is a matrix
// of its own. Throws UnusableClip when swscale does not know the pixel format.
class FramePictures {
 public:
  // `info`: how frames are turned and mirrored.
  explicit FramePictures(const StreamInfo& info)
      : rotation_(info.rotation), is_mirrored_(info.is_mirrored) {}

  // Full-size luma [H, W] uint8, 0..255 whatever range the frame stores.
  cv::Mat luma(const AVFrame& frame);
  // [h, w, 3] uint8 BGR of this size, as it is shown; averaged when it shrinks.
  cv::Mat bgr(const AVFrame& frame, cv::Size size);
  // Much faster than bgr(), a little less exact. `size`: even, of its luma, as it is shown.
  SmallPicture small(const AVFrame& frame, cv::Size size);

 private:
  cv::Size as_stored(cv::Size shown) const;
  cv::Mat as_shown(const cv::Mat& stored) const;
  SwsContext* scaler_for(const AVFrame& frame, cv::Size size, AVPixelFormat to);
  cv::Mat scaled(const AVFrame& frame, cv::Size size, int type, AVPixelFormat to);

  int rotation_;
  bool is_mirrored_;
  Owned<SwsContext> scaler_;
  std::array<int, 8> scaler_key_{};
};

}  // namespace sana::media
