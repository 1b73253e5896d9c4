#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <ATen/ATen.h>

#include <opencv2/imgproc.hpp>
#include <utility>

#include "core/error.h"
#include "data/clips/place_stream.h"
#include "media/picture/resize_and_crop_frame.h"
#include "media/unusable.h"

namespace sana::data {

std::unique_ptr<media::VideoStream> open_stream(const Place& video,
                                                std::shared_ptr<const media::ByteSource> bytes) {
  return std::make_unique<media::VideoStream>(std::move(bytes), video.name());
}

bool is_in_window(const Place& video, double time_s) {
  constexpr double kRoundingSeconds = 1e-3;
  return time_s >= video.start_s - kRoundingSeconds &&
         (!video.end_s || time_s < *video.end_s - kRoundingSeconds);
}

cv::Rect crop_of(const Place& video, const media::StreamInfo& info) {
  const cv::Rect whole(0, 0, int(info.width), int(info.height));
  if (!video.crop) return whole;
  const cv::Rect crop(int(video.crop->x), int(video.crop->y), int(video.crop->width),
                      int(video.crop->height));
  if ((crop & whole) != crop || crop.empty()) {
    throw media::UnusableClip(
        "changed",
        fmt::format("it is {}x{}, and the manifest's crop lies outside", info.width, info.height),
        "filter again");
  }
  return crop;
}

at::Tensor rgb_tensor(const cv::Mat& bgr) {
  at::Tensor frame = at::empty({bgr.rows, bgr.cols, 3}, at::kByte);
  cv::Mat rgb(bgr.rows, bgr.cols, CV_8UC3, frame.data_ptr());
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return frame;
}

at::Tensor sized_frame(const media::VideoStream& stream, const cv::Rect& crop,
                       const ClipSize& size) {
  const media::StreamInfo& info = stream.info();
  const cv::Mat picture = stream.bgr(cv::Size(int(info.width), int(info.height)));
  return media::resize_and_crop_frame(rgb_tensor(picture(crop)), size.height, size.width,
                                      info.pixel_aspect);
}

}  // namespace sana::data
#endif
