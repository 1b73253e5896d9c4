#include "filter/scores/borders.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>

namespace sana::filter {
namespace {

// Distance from a bar's colour, in grey levels, that noise and compression do not reach.
constexpr int kColourTolerance = 12;
// The colour may change by this much between the pictures, and between opposite bars.
constexpr int kLevelTolerance = 8;
// At most this share of a bar's last line is foreign, and at least that of the picture's first
// lines; lines before may hold text.
constexpr float kForeignInBar = 0.08F;
constexpr float kForeignInPicture = 0.4F;
// The same for the first lines of a picture that has a bar on one side only.
constexpr float kForeignAtClearEdge = 0.7F;
// Lines over which an edge may be blurred by scaling.
constexpr int kEdgeLines = 4;
// Mean distance from its colour within a bar. Noise hides in black; walls and skies are brighter.
constexpr int kBlackBar = 24;
constexpr float kDeviationOfBlack = 4.0F;
constexpr float kDeviationOfColour = 2.0F;
// Text is in some lines of one bar; the lights of a dark picture are in many lines of both: share
// of a bar's lines that may have so much foreign in them.
constexpr float kForeignInCleanLine = 0.005F;
constexpr double kUncleanLines = 0.25;
// A bar is at most this share of the picture (a wide film in an upright picture has about that).
constexpr double kWidestBar = 0.45;
// Pixels of a line that are looked at.
constexpr int kLineSamples = 480;

}  // namespace

// Rows or columns of a picture, counted from one of its sides.
struct BorderMeter::Lines {
  const uint8_t* first;
  ptrdiff_t line_step;
  ptrdiff_t pixel_step;
  int lines;
  int pixels;

  uint8_t at(int line, int pixel) const { return first[line * line_step + pixel * pixel_step]; }

  // The colour of the outermost line.
  int level() const {
    std::array<int, 256> counts{};
    for (int i = 0; i < pixels; ++i) ++counts[at(0, i)];
    size_t level = 0;
    for (int seen = counts[0]; 2 * seen < pixels; seen += counts[++level]) {
    }
    return int(level);
  }

  // Share of a line that is not of that colour, and the mean distance of the rest from it.
  float foreign(int line, int level, float* deviation) const {
    int others = 0;
    int distance = 0;
    for (int i = 0; i < pixels; ++i) {
      const int off = std::abs(at(line, i) - level);
      const bool other = off > kColourTolerance;
      others += int(other);
      distance += other ? 0 : off;
    }
    *deviation = float(distance) / float(std::max(1, pixels - others));
    return float(others) / float(pixels);
  }
};

// Rows from the top or the bottom, or columns from the left or the right between those two bars.
BorderMeter::Lines BorderMeter::lines_of(const cv::Mat& luma, size_t side, const Borders& borders) {
  const auto row_step = ptrdiff_t(luma.step[0]);
  const bool from_end = side % 2 == 1;
  if (side < 2) {
    const int thin = std::max(1, luma.cols / kLineSamples);
    return {luma.ptr<uint8_t>(from_end ? luma.rows - 1 : 0), from_end ? -row_step : row_step, thin,
            luma.rows, luma.cols / thin};
  }
  const int height = luma.rows - borders.top - borders.bottom;
  const int thin = std::max(1, height / kLineSamples);
  return {luma.ptr<uint8_t>(borders.top) + (from_end ? luma.cols - 1 : 0), from_end ? -1 : 1,
          row_step * thin, luma.cols, height / thin};
}

bool BorderMeter::shows_nothing(const Lines& rows) {
  const int level = rows.level();
  float unused = 0;
  for (int i = 0; i < rows.lines; ++i) {
    if (rows.foreign(i, level, &unused) > 0) return false;
  }
  return true;
}

void BorderMeter::look(const Lines& lines, Side* side) {
  const int level = lines.level();
  side->darkest = std::min(side->darkest, level);
  side->brightest = std::max(side->brightest, level);
  for (int i = 0; i < std::min(side->widest, side->reach + kEdgeLines); ++i) {
    float deviation = 0;
    const float foreign = lines.foreign(i, level, &deviation);
    const auto k = size_t(i);
    side->foreign[k] = std::max(side->foreign[k], foreign);
    side->deviation[k] = std::max(side->deviation[k], deviation);
    if (foreign > kForeignInPicture && i < side->reach) side->reach = i;
  }
  side->foreign.resize(size_t(std::min(side->widest, side->reach + kEdgeLines)));
  side->deviation.resize(side->foreign.size());
}

void BorderMeter::add(const cv::Mat& luma) {
  if (luma.empty() || (!size_.empty() && luma.size() != size_)) return;
  if (shows_nothing(lines_of(luma, 0, {}))) return;
  if (size_.empty()) {
    size_ = luma.size();
    for (size_t i = 0; i < sides_.size(); ++i) {
      sides_[i].widest = sides_[i].reach = int(kWidestBar * (i < 2 ? luma.rows : luma.cols));
      sides_[i].foreign.resize(size_t(sides_[i].reach));
      sides_[i].deviation.resize(size_t(sides_[i].reach));
    }
  }
  for (size_t i = 0; i < 2; ++i) look(lines_of(luma, i, {}), &sides_[i]);
  const Borders borders = result();
  for (size_t i = 2; i < 4; ++i) look(lines_of(luma, i, borders), &sides_[i]);
}

void BorderMeter::add(const BorderMeter& other) {
  if (other.size_.empty() || (!size_.empty() && other.size_ != size_)) return;
  if (size_.empty()) {
    *this = other;
    return;
  }
  for (size_t i = 0; i < sides_.size(); ++i) {
    Side& side = sides_[i];
    const Side& more = other.sides_[i];
    side.reach = std::min(side.reach, more.reach);
    side.darkest = std::min(side.darkest, more.darkest);
    side.brightest = std::max(side.brightest, more.brightest);
    side.foreign.resize(std::min(side.foreign.size(), more.foreign.size()));
    side.deviation.resize(side.foreign.size());
    for (size_t k = 0; k < side.foreign.size(); ++k) {
      side.foreign[k] = std::max(side.foreign[k], more.foreign[k]);
      side.deviation[k] = std::max(side.deviation[k], more.deviation[k]);
    }
  }
}

// Whether the first `width` lines have one colour, but for text that ends before the last lines.
bool BorderMeter::is_bar(const Side& side, int width) {
  if (width == 0 || width > side.reach) return false;
  if (side.brightest - side.darkest > kLevelTolerance) return false;
  const float allowed = side.brightest <= kBlackBar ? kDeviationOfBlack : kDeviationOfColour;
  const int before = std::max(0, width - kEdgeLines);
  const auto foreign = side.foreign.begin();
  const auto deviation = side.deviation.begin();
  return *std::min_element(foreign + before, foreign + width) <= kForeignInBar &&
         std::accumulate(deviation, deviation + before, 0.0F) <= allowed * float(before);
}

// Whether nearly all of these lines are without text or lights, but for the soft edge.
bool BorderMeter::is_clean(const Side& side, int width) {
  const auto begin = side.foreign.begin();
  const auto unclean = std::count_if(begin, begin + std::max(0, width - kEdgeLines),
                                     [](float foreign) { return foreign > kForeignInCleanLine; });
  return double(unclean) <= kUncleanLines * width;
}

// 0 unless the lines go over from bar to picture within a few lines.
int BorderMeter::bar_width(const Side& side, float foreign_at_edge) {
  const auto lines = int(side.foreign.size());
  if (side.reach >= side.widest || !is_bar(side, side.reach)) return 0;
  const auto edge = side.foreign.begin() + side.reach;
  const auto end = edge + std::min(kEdgeLines, lines - side.reach);
  return *std::max_element(edge, end) >= foreign_at_edge ? side.reach : 0;
}

// Of two opposite sides.
void BorderMeter::settle(const Side& first, const Side& second, int* first_width,
                         int* second_width) {
  const int a = bar_width(first, kForeignInPicture);
  const int b = bar_width(second, kForeignInPicture);
  const bool same_colour =
      std::max(first.brightest, second.brightest) - std::min(first.darkest, second.darkest) <=
      kLevelTolerance;
  *first_width = a;
  *second_width = b;
  const bool same_width = std::abs(a - b) <= kEdgeLines + std::max(a, b) / 6;
  const bool clean_a = is_clean(first, a), clean_b = is_clean(second, b);
  if (a > 0 && b > 0 && same_colour && same_width && (clean_a || clean_b)) return;
  const auto clear_width = [](const Side& side, bool is_clean) {
    return is_clean && side.brightest <= kBlackBar ? bar_width(side, kForeignAtClearEdge) : 0;
  };
  const int clear_a = clear_width(first, clean_a), clear_b = clear_width(second, clean_b);
  // Opposite a bar, the picture may be so dark that no edge is seen.
  *first_width = clear_a == 0 && same_colour && is_bar(first, clear_b) ? clear_b : clear_a;
  *second_width = clear_b == 0 && same_colour && is_bar(second, clear_a) ? clear_a : clear_b;
}

Borders BorderMeter::result() const {
  Borders borders;
  settle(sides_[0], sides_[1], &borders.top, &borders.bottom);
  settle(sides_[2], sides_[3], &borders.left, &borders.right);
  return borders;
}

Borders measure_borders(const std::vector<cv::Mat>& lumas) {
  BorderMeter meter;
  for (const cv::Mat& luma : lumas) meter.add(luma);
  return meter.result();
}

cv::Rect crop_box(const Borders& borders, cv::Size size) {
  const auto even_up = [](int side) { return (side + 1) / 2 * 2; };
  const auto even_down = [](int side) { return side / 2 * 2; };
  const int x = even_up(borders.left);
  const int y = even_up(borders.top);
  const int width = even_down(size.width - borders.right) - x;
  const int height = even_down(size.height - borders.bottom) - y;
  if (width < 2 || height < 2) return {0, 0, even_down(size.width), even_down(size.height)};
  return {x, y, width, height};
}

double border_share(const Borders& borders, cv::Size size) {
  if (size.empty()) return 0;
  const int width = std::max(0, size.width - borders.left - borders.right);
  const int height = std::max(0, size.height - borders.top - borders.bottom);
  return 1 - double(width) * height / (double(size.width) * size.height);
}

}  // namespace sana::filter
