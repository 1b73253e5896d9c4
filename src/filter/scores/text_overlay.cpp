#include "filter/scores/text_overlay.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "filter/scores/frame_size.h"
#include "filter/scores/glyphs.h"
#include "media/picture/shrink.h"

namespace sana::filter {
namespace {

// Text is looked for in a picture of this many pixels; lengths below are pixels of that picture.
constexpr double kTextArea = 640.0 * 360.0;
// Letters are brighter, or darker, than the mean of a window around them by more than
// kTextContrast.
constexpr int kTextWindow = 25;
constexpr int kTextContrast = 25;
constexpr int kLeastLetter = 5;
constexpr int kTallestLetter = 43;
constexpr int kLeastArea = 10;
// A chance row of shapes in grass or gravel has less evidence than this, see text_evidence. Chosen
// on drawn text over photographs, and photographs and videos without.
constexpr double kLeastEvidence = 250;
// Strokes that a row crosses in a letter: 1 in bars, fences and windows, 1.3 and more in text.
constexpr double kLeastStrokes = 1.15;

using GlyphLine = std::vector<Glyph>;

// A letter, or a short word whose letters touch. What touches the margin is cut off, or no overlay.
bool may_be_letter(const Glyph& glyph, cv::Size size) {
  const bool inside =
      glyph.left > 0 && glyph.top > 0 && glyph.right < size.width && glyph.bottom < size.height;
  return inside && glyph.height() >= kLeastLetter && glyph.height() <= kTallestLetter &&
         glyph.area >= kLeastArea && glyph.width() <= 12 * glyph.height() &&
         8 * glyph.area >= glyph.width() * glyph.height();
}

// Whether `right` may be the next letter of the line: near, level, of like size, weight and shade.
bool may_follow(const Glyph& left, const Glyph& right) {
  const int taller = std::max(left.height(), right.height());
  const int shorter = std::min(left.height(), right.height());
  const int gap = right.left - left.right;
  const int overlap = std::min(left.bottom, right.bottom) - std::max(left.top, right.top);
  const double thick = std::max(left.stroke(), right.stroke());
  const double thin = std::min(left.stroke(), right.stroke());
  return gap >= -2 && gap <= 1.4 * taller && taller <= 2 * shorter + 1 &&
         overlap >= 0.6 * shorter && thick <= 2.2 * thin &&
         std::abs(left.mean_brightness() - right.mean_brightness()) <= 30;
}

// Each letter is followed by the next one to its right that fits and has no predecessor yet.
std::vector<GlyphLine> chain_letters(std::vector<Glyph> glyphs) {
  std::sort(glyphs.begin(), glyphs.end(), [](const Glyph& a, const Glyph& b) {
    return a.left != b.left ? a.left < b.left : a.top < b.top;
  });
  std::vector<GlyphLine> lines;
  // The line that a glyph belongs to; a glyph that nothing precedes begins one.
  std::vector<int> line_of(glyphs.size(), -1);
  for (size_t i = 0; i < glyphs.size(); ++i) {
    if (line_of[i] < 0) {
      line_of[i] = int(lines.size());
      lines.emplace_back();
    }
    lines[size_t(line_of[i])].push_back(glyphs[i]);
    const int reach = glyphs[i].right + 2 * kTallestLetter;
    for (size_t j = i + 1; j < glyphs.size() && glyphs[j].left <= reach; ++j) {
      if (line_of[j] >= 0 || !may_follow(glyphs[i], glyphs[j])) continue;
      line_of[j] = line_of[i];
      break;
    }
  }
  return lines;
}

double median_height(const GlyphLine& line) {
  std::vector<int> heights;
  for (const Glyph& glyph : line) heights.push_back(glyph.height());
  const auto middle = heights.begin() + ptrdiff_t(heights.size() / 2);
  std::nth_element(heights.begin(), middle, heights.end());
  return *middle;
}

// Standard deviation of the letters' tops, or bottoms, in heights of a letter; at most 0.5.
double edge_scatter(const GlyphLine& line, int Glyph::*edge, double height) {
  double sum = 0;
  double squares = 0;
  for (const Glyph& glyph : line) {
    sum += glyph.*edge;
    squares += double(glyph.*edge) * glyph.*edge;
  }
  const double mean = sum / double(line.size());
  return std::min(0.5,
                  std::sqrt(std::max(0.0, squares / double(line.size()) - mean * mean)) / height);
}

// Letters times their contrast in grey levels, less for each letter that is off the line: a quarter
// if tops and bottoms scatter by half a height together.
double text_evidence(const GlyphLine& line, double height) {
  double letters = 0;
  double contrast = 0;
  double area = 0;
  for (const Glyph& glyph : line) {
    // Letters that touch are counted by their width, but not above what their strokes allow.
    letters +=
        std::max(1.0, std::min(glyph.width() / (0.8 * height), glyph.strokes_across() / 1.3));
    contrast += double(glyph.contrast);
    area += glyph.area;
  }
  const double off =
      edge_scatter(line, &Glyph::top, height) + edge_scatter(line, &Glyph::bottom, height);
  return letters * contrast / area * std::pow(16.0, -off);
}

cv::Rect line_box(const GlyphLine& line) {
  cv::Rect box;
  for (const Glyph& glyph : line) {
    box |= cv::Rect(glyph.left, glyph.top, glyph.width(), glyph.height());
  }
  return box;
}

bool is_text(const GlyphLine& line) {
  if (line.size() < 3) return false;
  double runs = 0;
  double rows = 0;
  double widths = 0;
  double strokes = 0;
  for (const Glyph& glyph : line) {
    runs += glyph.runs;
    rows += glyph.height();
    widths += glyph.width();
    strokes += glyph.strokes_across();
  }
  const double height = median_height(line);
  const cv::Rect box = line_box(line);
  return runs >= kLeastStrokes * rows && widths <= 0.8 * height * strokes &&
         box.width >= 2 * box.height && text_evidence(line, height) > kLeastEvidence;
}

}  // namespace

double text_share(const cv::Mat& luma) {
  if (luma.empty()) return 0;
  // Not smoothed before the last step: letters are thin.
  const cv::Size size = size_of_area(luma.cols, luma.rows, kTextArea);
  cv::Mat small;
  cv::resize(media::halved(luma, size), small, size, 0, 0, cv::INTER_LINEAR);
  cv::Mat mean;
  cv::Mat contrast;
  cv::blur(small, mean, {kTextWindow, kTextWindow});
  cv::Mat covered = cv::Mat::zeros(small.size(), CV_8U);
  for (const bool bright : {true, false}) {
    cv::subtract(bright ? small : mean, bright ? mean : small, contrast);
    std::vector<Glyph> glyphs = find_glyphs(small, contrast, kTextContrast);
    std::erase_if(glyphs, [&](const Glyph& glyph) { return !may_be_letter(glyph, small.size()); });
    for (const GlyphLine& line : chain_letters(std::move(glyphs))) {
      if (is_text(line)) covered(line_box(line)) = 255;
    }
  }
  return double(cv::countNonZero(covered)) / double(covered.total());
}

}  // namespace sana::filter
