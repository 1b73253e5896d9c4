// Bars of one colour at the sides of a video: letterbox, pillarbox, or a frame all around.
#pragma once
#include <array>
#include <opencv2/core.hpp>
#include <vector>

namespace sana::filter {

// Widths of the bars, pixels of the full-size picture; 0 where there is none.
struct Borders {
  int top = 0;
  int bottom = 0;
  int left = 0;
  int right = 0;
};

// Looks at one picture after the other and keeps a few numbers per row and column. A bar has one
// colour in all pictures and ends in a straight line; a line of text in it does no harm. Bars on
// opposite sides must be about equally wide; one without the other must be black, its edge clear.
// Dark pictures, in which no edge is seen, do not hide what the others show.
class BorderMeter {
 public:
  // luma: [H, W] uint8, 0..255, all of one size (others are passed over, as are pictures that show
  // nothing at all, such as the black ones of a fade).
  void add(const cv::Mat& luma);

  // Adds what `other` has seen, so that each picture is looked at before its shot is known.
  void add(const BorderMeter& other);

  // Of the pictures so far; all 0 without any.
  Borders result() const;

 private:
  // What is known of the lines next to one side, from the outside inwards.
  struct Side {
    // Up to the edge lines behind `reach`, so that a picture without bars takes few bytes.
    std::vector<float> foreign;    // largest share of a line that has not the colour of the side
    std::vector<float> deviation;  // largest mean distance of the rest from that colour
    int widest = 0;                // lines of the widest bar there can be
    int reach = 0;                 // no bar goes beyond this line
    int darkest = 255;             // colour of the side
    int brightest = 0;
  };
  struct Lines;

  static Lines lines_of(const cv::Mat& luma, size_t side, const Borders& borders);
  static bool shows_nothing(const Lines& rows);
  static void look(const Lines& lines, Side* side);
  static bool is_bar(const Side& side, int width);
  static bool is_clean(const Side& side, int width);
  static int bar_width(const Side& side, float foreign_at_edge);
  static void settle(const Side& first, const Side& second, int* first_width, int* second_width);

  cv::Size size_;
  std::array<Side, 4> sides_;  // top, bottom, left, right
};

// The borders of a shot's probes, [H, W] uint8 each; see BorderMeter.
Borders measure_borders(const std::vector<cv::Mat>& lumas);

// What lies within the borders, shrunk to even coordinates and sides; the whole picture (with even
// sides) if nothing would be left.
cv::Rect crop_box(const Borders& borders, cv::Size size);

// Share of the picture's area in the bars, 0..1.
double border_share(const Borders& borders, cv::Size size);

}  // namespace sana::filter
