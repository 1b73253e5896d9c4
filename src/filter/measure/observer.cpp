#include "filter/measure/observer.h"

#include <opencv2/imgcodecs.hpp>

#include "core/signals.h"
#include "filter/scores/frame_size.h"
#include "filter/scores/luma_motion.h"
#include "filter/scores/perceptual_hash.h"
#include "filter/scores/text_overlay.h"

namespace sana::filter {
namespace {

constexpr double kPairSeconds = 1.0 / 16;
constexpr double kThumbnailArea = 192.0 * 108.0;
constexpr int kJpegQuality = 80;

std::string jpeg_of(const cv::Mat& bgr) {
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, kJpegQuality});
  return {bytes.begin(), bytes.end()};
}

class Observer {
 public:
  Observer(media::VideoStream& stream, const MeasureConfig& config, MotionMeter& meter)
      : stream_(stream),
        config_(config),
        meter_(meter),
        small_(size_as_shown(kSmallArea)),
        thumbnail_(size_as_shown(kThumbnailArea)) {}

  Observations run() {
    while (stream_.next()) {
      throw_if_stopped();
      look();
    }
    return std::move(seen_);
  }

 private:
  cv::Size size_as_shown(double area) const {
    const media::StreamInfo& info = stream_.info();
    return size_of_area(double(info.width) * info.pixel_aspect, double(info.height), area);
  }

  void look() {
    const double now = stream_.time_s();
    const media::SmallPicture small = stream_.small(small_);
    seen_.frames.push_back(tracer_.trace(now, small.bgr, small.luma));
    measure_motion(now, small.luma);
    if (now < next_picture_s_) return;
    next_picture_s_ = now + 1 / config_.pictures_per_s;
    look_closely(now, small.luma);
  }

  // The second picture of a pair is the frame nearest to 1/16 s after the first.
  void measure_motion(double now, const cv::Mat& grey) {
    if (!first_.empty() && now - first_s_ + (now - previous_s_) / 2 > kPairSeconds) {
      const double apart = now - first_s_;
      const Flow flow = meter_.measure(first_, grey);
      seen_.motions.push_back({first_s_, now, motion_at_16_fps(flow.magnitude, apart),
                               flow.camera_share,
                               luma_motion(first_, grey) * kPairSeconds / apart});
      first_.release();
    }
    if (first_.empty() && now >= next_pair_s_) {
      first_ = grey, first_s_ = now;
      next_pair_s_ = now + 1 / config_.flows_per_s;
    }
    previous_s_ = now;
  }

  void look_closely(double now, const cv::Mat& grey) {
    const cv::Mat luma = stream_.luma(), bgr = stream_.bgr(thumbnail_);
    PictureObservation picture;
    picture.time_s = now;
    picture.sharpness = measure_sharpness(luma);
    picture.colour = measure_colour(bgr);
    picture.borders.add(luma);
    picture.contrast = double(seen_.frames.back().deviation);
    // Text stays for seconds, and looking for it costs most.
    const bool looks_for_text = seen_.pictures.size() % 2 == 0;
    picture.text = looks_for_text ? text_share(luma) : seen_.pictures.back().text;
    picture.hash = perceptual_hash(grey);
    picture.jpeg = jpeg_of(bgr);
    seen_.pictures.push_back(std::move(picture));
  }

  media::VideoStream& stream_;
  const MeasureConfig& config_;
  MotionMeter& meter_;
  cv::Size small_, thumbnail_;
  FrameTracer tracer_;
  Observations seen_;
  cv::Mat first_;  // of a pair; empty between pairs
  double first_s_ = 0, previous_s_ = 0, next_pair_s_ = 0, next_picture_s_ = 0;
};

}  // namespace

Observations observe(media::VideoStream& stream, const MeasureConfig& config, MotionMeter& meter) {
  return Observer(stream, config, meter).run();
}

}  // namespace sana::filter
