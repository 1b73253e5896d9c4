#include "filter/scores/motion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "filter/module/opencv_module.h"
#include "filter/scores/camera_motion.h"
#include "filter/scores/frame_size.h"
#include "media/picture/shrink.h"

namespace sana::filter {
namespace {

// The flow is searched on the means of blocks of so many pixels by pixels: half of that costs more
// than twice as much and takes only a tenth off the error on real clips.
constexpr int kBlock = 4;
constexpr int kPatch = 8;  // side of the patches that the search compares

// The mean flow of cells of so many blocks by blocks is one sample.
constexpr int kCell = 3;

// The smaller eigenvalue of the structure tensor, in squared levels per pixel, at which a cell's
// flow is trusted half.
constexpr double kHalfTrust = 16.0;

// A cell stands still when its blocks change by little and following the flow does not explain the
// change, because the search carries flow far into plain areas: levels, and share of the change
// that is left. In plain cells, where the mean squared gradient is below kPlainGradient, flow says
// nothing and the shadows of what moves nearby change more.
constexpr double kSameLevels = 1.5;
constexpr double kSameShare = 0.6;
constexpr double kPlainGradient = 1.0;
constexpr double kPlainLevels = 3.0;

// The pictures by mean level of each block, and the flow of each block in blocks.
struct Blocks {
  cv::Mat1f before, after;
  cv::Mat2f flow;
};

// The structure tensor, squared levels per pixel.
struct Texture {
  double xx = 0, xy = 0, yy = 0;
};

// The mean level of each block, in sixteenths.
cv::Mat block_means(const cv::Mat& grey) {
  const cv::Size size(grey.cols / kBlock, grey.rows / kBlock);
  cv::Mat levels;
  grey(cv::Rect({}, size * kBlock)).convertTo(levels, CV_16U, 16);
  return media::halved(levels, size);
}

cv::Mat as_levels(const cv::Mat& sixteenths, int type) {
  cv::Mat levels;
  sixteenths.convertTo(levels, type, 1.0 / 16);
  return levels;
}

// Bilinear; places outside take the nearest border.
double level_at(const cv::Mat1f& levels, double x, double y) {
  x = std::clamp(x, 0.0, levels.cols - 1.0);
  y = std::clamp(y, 0.0, levels.rows - 1.0);
  const int left = std::min(int(x), levels.cols - 2);
  const int top = std::min(int(y), levels.rows - 2);
  const double right_part = x - left;
  const float* upper = levels[top] + left;
  const float* lower = levels[top + 1] + left;
  const double above = upper[0] + right_part * (upper[1] - upper[0]);
  const double below = lower[0] + right_part * (lower[1] - lower[0]);
  return above + (y - top) * (below - above);
}

// Mean flow in pixels of the cell whose first block is x, y.
cv::Point2d flow_in_cell(const Blocks& blocks, int x, int y, bool plain) {
  double change = 0;
  double change_left = 0;
  cv::Point2d sum;
  for (int by = y; by < y + kCell; ++by) {
    for (int bx = x; bx < x + kCell; ++bx) {
      const cv::Vec2f flow = blocks.flow(by, bx);
      const float level = blocks.before(by, bx);
      change += std::abs(blocks.after(by, bx) - level);
      change_left +=
          std::abs(level_at(blocks.after, bx + double(flow[0]), by + double(flow[1])) - level);
      sum += cv::Point2d(flow[0], flow[1]);
    }
  }
  const double count = kCell * kCell;
  const bool unexplained = change < kSameLevels * count && change_left >= kSameShare * change;
  if (unexplained || (plain && change < kPlainLevels * count)) return {};
  return sum * (kBlock / count);
}

// Mean products of the gradients in the cell at pixel left, top.
Texture texture_in_cell(const cv::Mat1b& grey, int left, int top) {
  Texture sum;
  for (int y = top + 1; y < top + kCell * kBlock - 1; y += 2) {
    for (int x = left + 1; x < left + kCell * kBlock - 1; x += 2) {
      const double dx = 0.5 * (grey(y, x + 1) - grey(y, x - 1));
      const double dy = 0.5 * (grey(y + 1, x) - grey(y - 1, x));
      sum.xx += dx * dx;
      sum.xy += dx * dy;
      sum.yy += dy * dy;
    }
  }
  const double count = std::pow(kCell * kBlock / 2 - 1, 2);
  return {sum.xx / count, sum.xy / count, sum.yy / count};
}

// How well both components of the flow can be found: 0..1.
double trust_in(const Texture& t) {
  const double root = std::sqrt((t.xx - t.yy) * (t.xx - t.yy) + 4 * t.xy * t.xy);
  const double smaller = std::max(0.0, (t.xx + t.yy - root) / 2);
  return smaller / (smaller + kHalfTrust);
}

std::vector<FlowSample> sample_flow(const cv::Mat& grey, const Blocks& blocks) {
  std::vector<FlowSample> samples;
  const double half = 0.5 * std::max(grey.cols, grey.rows);
  const double middle = 0.5 * kCell * kBlock;
  for (int y = 0; y + kCell <= blocks.flow.rows; y += kCell) {
    for (int x = 0; x + kCell <= blocks.flow.cols; x += kCell) {
      const cv::Point2d at((x * kBlock + middle - 0.5 * grey.cols) / half,
                           (y * kBlock + middle - 0.5 * grey.rows) / half);
      const Texture texture = texture_in_cell(grey, x * kBlock, y * kBlock);
      const bool plain = texture.xx + texture.yy < kPlainGradient;
      samples.push_back({at, flow_in_cell(blocks, x, y, plain), trust_in(texture)});
    }
  }
  return samples;
}

}  // namespace

double motion_at_16_fps(double magnitude, double seconds_between) {
  return seconds_between > 0 ? magnitude * kMotionScale / (16.0 * seconds_between) : 0.0;
}

void MotionMeter::CloseFlow::operator()(void* search) const { opencv_module().close_flow(search); }

// Two rounds of refinement close half of the gap between the errors of PRESET_ULTRAFAST and
// PRESET_FAST at a third of the extra cost.
MotionMeter::MotionMeter() : search_(opencv_module().open_flow(kPatch, /*refinements=*/2)) {}

cv::Mat MotionMeter::search(const cv::Mat& before, const cv::Mat& after, int finest_scale) {
  cv::Mat flow(before.size(), CV_32FC2);
  std::array<char, 256> error{};
  const int status =
      opencv_module().run_flow(search_.get(), finest_scale, before.data, after.data, before.rows,
                               before.cols, flow.ptr<float>(), error.data(), int64_t(error.size()));
  if (status != 0) throw InternalError(fmt::format("optical flow: {}", error.data()));
  return flow;
}

Flow MotionMeter::measure(const cv::Mat& before, const cv::Mat& after) {
  const int side = std::min(before.cols, before.rows);
  if (side < kPatch || before.size() != after.size()) return {};
  const cv::Mat means_before = block_means(before), means_after = block_means(after);
  Blocks blocks{as_levels(means_before, CV_32F), as_levels(means_after, CV_32F), {}};
  if (side >= kPatch * kBlock) {
    blocks.flow = search(as_levels(means_before, CV_8U), as_levels(means_after, CV_8U), 0);
  } else {
    // Blocks are too few for the search: narrow pictures are searched as they are, on as many
    // scales as they have.
    const cv::Mat flow = search(before, after, int(std::log2(side / kPatch)));
    cv::resize(flow(cv::Rect({}, blocks.before.size() * kBlock)), blocks.flow, blocks.before.size(),
               0, 0, cv::INTER_AREA);
    blocks.flow /= kBlock;
  }
  const auto samples = sample_flow(before, blocks);
  const auto length = [](const FlowSample& s) { return std::hypot(s.flow.x, s.flow.y); };
  const double magnitude = mean_over(samples, length, [](const FlowSample&) { return 1.0; });
  return {magnitude, share_of_camera(samples, fit_camera(samples))};
}

}  // namespace sana::filter
