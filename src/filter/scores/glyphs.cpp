#include "filter/scores/glyphs.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace sana::filter {
namespace {

constexpr uint8_t kStandsOut = 255;

struct GlyphRun {
  int begin;
  int end;
  size_t glyph;
};

// Adds to `whole` what `part` has.
void absorb(Glyph* whole, const Glyph& part) {
  whole->left = std::min(whole->left, part.left);
  whole->top = std::min(whole->top, part.top);
  whole->right = std::max(whole->right, part.right);
  whole->bottom = std::max(whole->bottom, part.bottom);
  whole->area += part.area;
  whole->runs += part.runs;
  whole->brightness += part.brightness;
  whole->contrast += part.contrast;
}

// Goes down the picture row by row, and joins each run to the runs that it touches in the row
// above.
class GlyphFinder {
 public:
  GlyphFinder(const cv::Mat& luma, const cv::Mat& contrast, int threshold)
      : luma_(luma), contrast_(contrast), stands_out_(contrast > threshold) {}

  std::vector<Glyph> find() {
    for (int y = 0; y < luma_.rows; ++y) scan_row(y);
    for (size_t i = 0; i < glyphs_.size(); ++i) {
      if (root(i) != i) absorb(&glyphs_[root(i)], glyphs_[i]);
    }
    std::vector<Glyph> found;
    for (size_t i = 0; i < glyphs_.size(); ++i) {
      if (root(i) == i) found.push_back(glyphs_[i]);
    }
    return found;
  }

 private:
  size_t root(size_t glyph) {
    while (parent_[glyph] != glyph) glyph = parent_[glyph] = parent_[parent_[glyph]];
    return glyph;
  }

  void scan_row(int y) {
    const uint8_t* const row = stands_out_.ptr<uint8_t>(y);
    const uint8_t* const row_end = row + stands_out_.cols;
    above_.swap(row_);
    row_.clear();
    size_t touching = 0;
    // Most of a picture is no glyph, and memchr passes over many pixels at once.
    for (const uint8_t* at = row; at != row_end;) {
      at = static_cast<const uint8_t*>(std::memchr(at, kStandsOut, size_t(row_end - at)));
      if (at == nullptr) return;
      const int begin = int(at - row);
      while (at != row_end && *at == kStandsOut) ++at;
      const int end = int(at - row);
      row_.push_back({begin, end, 0});
      row_.back().glyph = join(row_.back(), measure_run(y, begin, end), &touching);
    }
  }

  Glyph measure_run(int y, int begin, int end) const {
    const uint8_t* luma = luma_.ptr<uint8_t>(y);
    const uint8_t* contrast = contrast_.ptr<uint8_t>(y);
    const int brightness = std::accumulate(luma + begin, luma + end, 0);
    const int contrast_sum = std::accumulate(contrast + begin, contrast + end, 0);
    return {begin, y, end, y + 1, end - begin, 1, brightness, contrast_sum};
  }

  // The glyph that the run belongs to; *first is the first run above that may touch it.
  size_t join(const GlyphRun& run, const Glyph& measured, size_t* first) {
    while (*first < above_.size() && above_[*first].end < run.begin) ++*first;
    if (*first == above_.size() || above_[*first].begin > run.end) {
      parent_.push_back(glyphs_.size());
      glyphs_.push_back(measured);
      return glyphs_.size() - 1;
    }
    const size_t glyph = root(above_[*first].glyph);
    for (size_t i = *first; i < above_.size() && above_[i].begin <= run.end; ++i) {
      parent_[root(above_[i].glyph)] = glyph;
    }
    absorb(&glyphs_[glyph], measured);
    return glyph;
  }

  const cv::Mat& luma_;
  const cv::Mat& contrast_;
  cv::Mat stands_out_;  // kStandsOut or 0
  std::vector<GlyphRun> above_;
  std::vector<GlyphRun> row_;
  std::vector<Glyph> glyphs_;
  std::vector<size_t> parent_;
};

}  // namespace

std::vector<Glyph> find_glyphs(const cv::Mat& luma, const cv::Mat& contrast, int threshold) {
  return GlyphFinder(luma, contrast, threshold).find();
}

}  // namespace sana::filter
