// How much a picture moves, and how much of that movement is the camera's.
#pragma once
#include <memory>
#include <opencv2/core.hpp>

namespace sana::filter {

struct Flow {
  double magnitude = 0;     // mean length of the optical flow, pixels of the small picture
  double camera_share = 0;  // 0..1: motion explained by one movement of the camera; 0 when still
};

// Pixels of a 576x320 picture per 1/16 s, the scale of the public UniMatch scores (usual bounds
// 1..30), from pixels of the small picture in `seconds_between`; 0 if no time passes.
double motion_at_16_fps(double magnitude, double seconds_between);

// Measures pairs of pictures; keeps buffers, so each thread needs its own. What was measured before
// has no influence.
class MotionMeter {
 public:
  // Throws EnvironmentError when OpenCV's video library cannot be loaded.
  MotionMeter();

  // Both pictures continuous [h, w] uint8 grey, of size_of_area(width, height, kSmallArea). Dense
  // inverse search flow (Kroeger et al. 2016), taken as 0 where standing still explains the
  // pictures as well; {0, 0} for empty pictures and for two sizes.
  Flow measure(const cv::Mat& before, const cv::Mat& after);

 private:
  // [h, w, 2] float32, pixels of these pictures.
  cv::Mat search(const cv::Mat& before, const cv::Mat& after, int finest_scale);

  struct CloseFlow {
    void operator()(void* search) const;
  };
  std::unique_ptr<void, CloseFlow> search_;
};

}  // namespace sana::filter
