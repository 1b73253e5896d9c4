#include "filter/scores/luma_motion.h"

#include <opencv2/imgproc.hpp>

namespace sana::filter {
double luma_motion(const cv::Mat& before, const cv::Mat& after) {
  if (before.empty() || before.size() != after.size()) return 0.0;
  // Normal distribution of deviation 1 at -2..2, along rows and along columns.
  const cv::Matx<float, 1, 5> blur(0.054488685F, 0.244201342F, 0.402619947F, 0.244201342F,
                                   0.054488685F);
  // The blur is linear: one blur of the signed difference does for both pictures, without rounding.
  cv::Mat difference;
  cv::subtract(after, before, difference, cv::noArray(), CV_16S);
  cv::Mat blurred;
  cv::sepFilter2D(difference, blurred, CV_32F, blur, blur);
  return cv::norm(blurred, cv::NORM_L1) / double(blurred.total());
}

}  // namespace sana::filter
