#include "media/picture/resize_and_crop_frame.h"

#include <algorithm>
#include <cmath>

#include "core/build_config.h"
#include "core/shape.h"
#include "media/no_video_io.h"

#if SANA_HAS_VIDEO_IO
#include <ATen/ATen.h>

#include <opencv2/imgproc.hpp>
#endif

namespace sana::media {

#if SANA_HAS_VIDEO_IO
namespace {

// The middle of a side of which a small part is left in the end: of a picture of 65535x1 only one
// column is seen, but the whole of it would be made thousands of times larger first.
int64_t kept_side(int64_t side, double seen) {
  constexpr double kMostUnseen = 16;
  const auto most = int64_t(std::ceil(kMostUnseen * std::max(1.0, seen)));
  // Cut by the same number on both sides.
  return side <= most ? side : most + (side - most) % 2;
}

}  // namespace

at::Tensor resize_and_crop_frame(const at::Tensor& frame, int64_t height, int64_t width,
                                 double pixel_aspect) {
  check_shape("resize_and_crop_frame: frame", frame, {{"H", kAny}, {"W", kAny}, {"C", 3}});
  const double covering = std::max(double(height) / double(frame.size(0)),
                                   double(width) / (double(frame.size(1)) * pixel_aspect));
  const int64_t kept_rows = kept_side(frame.size(0), double(height) / covering);
  const int64_t kept_columns = kept_side(frame.size(1), double(width) / covering / pixel_aspect);
  const at::Tensor source = frame.narrow(0, (frame.size(0) - kept_rows) / 2, kept_rows)
                                .narrow(1, (frame.size(1) - kept_columns) / 2, kept_columns)
                                .contiguous();
  const auto rows = static_cast<double>(source.size(0));
  const double columns = static_cast<double>(source.size(1)) * pixel_aspect;
  const double scale =
      std::max(static_cast<double>(height) / rows, static_cast<double>(width) / columns);
  const auto filled = [scale](double side, int64_t least) {
    return std::max(least, static_cast<int64_t>(std::floor(side * scale + 0.5)));
  };
  at::Tensor resized = at::empty({filled(rows, height), filled(columns, width), 3}, at::kByte);
  const cv::Mat from(static_cast<int>(source.size(0)), static_cast<int>(source.size(1)), CV_8UC3,
                     source.data_ptr());
  cv::Mat to(static_cast<int>(resized.size(0)), static_cast<int>(resized.size(1)), CV_8UC3,
             resized.data_ptr());
  cv::resize(from, to, to.size(), 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
  // OpenCV copies the crop: LibTorch would wake its threads for each of these small frames.
  at::Tensor cropped = at::empty({height, width, 3}, at::kByte);
  cv::Mat out(static_cast<int>(height), static_cast<int>(width), CV_8UC3, cropped.data_ptr());
  to(cv::Rect((to.cols - out.cols) / 2, (to.rows - out.rows) / 2, out.cols, out.rows)).copyTo(out);
  return cropped;
}
#else
at::Tensor resize_and_crop_frame(const at::Tensor&, int64_t, int64_t, double) {
  throw_no_video_io();
}
#endif

}  // namespace sana::media
