#include "filter/scores/glyphs.h"

#include <string>

#include "support/catch.h"

namespace sana::filter {
namespace {

// A picture drawn with characters: '#' stands out.
cv::Mat drawn(const std::vector<std::string>& rows) {
  cv::Mat picture(int(rows.size()), int(rows[0].size()), CV_8U, cv::Scalar(0));
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      if (rows[size_t(y)][size_t(x)] == '#') picture.at<uint8_t>(y, x) = 100;
    }
  }
  return picture;
}

std::vector<Glyph> glyphs_in(const std::vector<std::string>& rows) {
  const cv::Mat contrast = drawn(rows);
  const cv::Mat luma(contrast.size(), CV_8U, cv::Scalar(200));
  return find_glyphs(luma, contrast, 50);
}

TEST_CASE("a ring is one shape with two strokes in most rows", "[filter]") {
  const auto glyphs = glyphs_in({"......",  //
                                 ".####.",  //
                                 ".#..#.",  //
                                 ".#..#.",  //
                                 ".####."});
  REQUIRE(glyphs.size() == 1);
  const Glyph& ring = glyphs[0];
  CHECK(ring.left == 1);
  CHECK(ring.top == 1);
  CHECK(ring.width() == 4);
  CHECK(ring.height() == 4);
  CHECK(ring.area == 12);
  CHECK(ring.runs == 6);
  CHECK(ring.strokes_across() == 1.5);
  CHECK(ring.stroke() == 2);
  CHECK(ring.mean_brightness() == 200);
  CHECK(ring.contrast == 1200);
}

TEST_CASE("arms that meet below are one shape, and corners touch", "[filter]") {
  CHECK(glyphs_in({"#...#.#",  //
                   "#...#.#",  //
                   ".#.#..#",  //
                   "..#...#"})
            .size() == 2);
  CHECK(glyphs_in({"#.#.#.#",  //
                   "#.#.#.#",  //
                   "#######"})
            .size() == 1);
}

TEST_CASE("shapes with a gap between them stay apart, up to the margin", "[filter]") {
  CHECK(glyphs_in({"#.#.#",  //
                   ".....",  //
                   "#.#.#"})
            .size() == 6);
  CHECK(glyphs_in({".....", "....."}).empty());
}

TEST_CASE("what reaches the threshold alone does not stand out", "[filter]") {
  const cv::Mat contrast(4, 4, CV_8U, cv::Scalar(50));
  CHECK(find_glyphs(contrast, contrast, 50).empty());
  CHECK(find_glyphs(contrast, contrast, 49).size() == 1);
}

}  // namespace
}  // namespace sana::filter
