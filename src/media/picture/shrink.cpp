#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <opencv2/imgproc.hpp>

#include "media/picture/shrink.h"

namespace sana::media {
namespace {

// Shrinking by more than this, the bilinear method looks at some pixels far more than at others, so
// that fine patterns would flicker when they move.
constexpr double kEven = 1.25;

}  // namespace

cv::Mat halved(const cv::Mat& picture, cv::Size least) {
  cv::Mat current = picture;
  while (true) {
    const int across = current.cols >= 2 * least.width ? 2 : 1;
    const int down = current.rows >= 2 * least.height ? 2 : 1;
    if (across * down == 1) return current;
    const cv::Size half(current.cols / across, current.rows / down);
    cv::Mat next;
    cv::resize(current(cv::Rect(0, 0, half.width * across, half.height * down)), next, half, 0, 0,
               cv::INTER_AREA);
    current = next;
  }
}

cv::Mat shrunk(const cv::Mat& picture, cv::Size size) {
  const cv::Mat current = halved(picture, size);
  if (current.size() == size) return current;
  cv::Mat smooth, small;
  if (current.cols > kEven * size.width || current.rows > kEven * size.height) {
    // Not in place: it may be the caller's picture.
    cv::GaussianBlur(current, smooth, {3, 3}, 0);
  } else {
    smooth = current;
  }
  cv::resize(smooth, small, size, 0, 0, cv::INTER_LINEAR);
  return small;
}

}  // namespace sana::media
#endif
