// How colourful a picture is.
#pragma once
#include <opencv2/core.hpp>

namespace sana::filter {

struct Colour {
  double saturation = 0;     // mean saturation S of HSV, 0..255
  double colourfulness = 0;  // M3 of Hasler and Suesstrunk (2003): 0 grey, 15 slight, 109 extreme
};

// Of a picture [h, w, 3] uint8 BGR; all 0 for an empty one.
Colour measure_colour(const cv::Mat& bgr);

}  // namespace sana::filter
