// Pictures of any type made small, fast. Only in builds with OpenCV.
#pragma once
#include <opencv2/core.hpp>

namespace sana::media {

// The picture halved, in each direction, as often as it stays at least this large: only halving
// averages quickly. An odd last row or column is left out. May share the picture's memory.
cv::Mat halved(const cv::Mat& picture, cv::Size least);

// The picture at this size: halved, smoothed a little, then bilinear. May share the picture's
// memory.
cv::Mat shrunk(const cv::Mat& picture, cv::Size size);

}  // namespace sana::media
