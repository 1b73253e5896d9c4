// How bright a picture is, and whether it is black.
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace sana::filter {

// Levels below this count as dark.
constexpr int kDarkLevel = 24;

struct Brightness {
  double mean = 0;        // levels, 0..255
  double deviation = 0;   // standard deviation, levels
  double dark_share = 0;  // 0..1: pixels below kDarkLevel
};

// Of a picture [h, w] uint8 grey in full range (black is 0); all 0 for an empty one.
Brightness measure_brightness(const cv::Mat& grey);

// Whether almost every pixel is dark, or, in noisy film leader, whether the whole picture is dark
// and shows nothing but noise. A night scene with lights and a title on black are not black.
bool is_black(const Brightness& brightness);

// Share 0..1 of black pictures; 0 for none.
double black_share(const std::vector<Brightness>& pictures);

}  // namespace sana::filter
