// How much of a picture is covered with text: captions, subtitles, watermarks, pages on a screen.
#pragma once
#include <opencv2/core.hpp>

namespace sana::filter {

// Share of the picture inside the boxes of lines of text, 0..1. luma: [H, W] uint8, 0..255. Finds
// level lines of at least three shapes that stand out, of one brightness and of a letter's size
// (some 1.5 to 12 % of the height), and keeps those that have more letters and contrast than
// textures have by chance, and share a base line. Text in the scene counts if it is level; rotated
// text does not.
double text_share(const cv::Mat& luma);

}  // namespace sana::filter
