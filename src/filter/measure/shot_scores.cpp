#include "filter/measure/shot_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "filter/scores/brightness.h"
#include "filter/scores/flicker.h"
#include "filter/scores/stillness.h"

namespace sana::filter {
namespace {

// A picture whose luma deviates less says nothing about borders.
constexpr double kShowsNothing = 5;

template <class Item, class Value>
double mean_of(const std::vector<const Item*>& items, Value value) {
  double sum = 0;
  for (const Item* item : items) sum += value(*item);
  return sum / double(items.size());
}

template <class Item, class Value>
double median_of(const std::vector<const Item*>& items, Value value) {
  std::vector<double> values;
  for (const Item* item : items) values.push_back(value(*item));
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class ShotScorer {
 public:
  ShotScorer(const Observations& seen, const FrameRange& range, double step_s)
      : seen_(seen), range_(range), step_s_(step_s) {
    start_s_ = seen.frames[size_t(range.first)].time_s;
    last_s_ = seen.frames[size_t(range.last)].time_s;
    for (const MotionObservation& motion : seen.motions) {
      if (motion.from_s >= start_s_ && motion.to_s <= last_s_) motions_.push_back(&motion);
    }
    for (const PictureObservation& picture : seen.pictures) {
      if (picture.time_s >= start_s_ && picture.time_s <= last_s_) pictures_.push_back(&picture);
    }
    // Shots shorter than the distance of pictures may hold none.
    if (pictures_.empty()) pictures_.push_back(nearest_picture((start_s_ + last_s_) / 2));
  }

  MeasuredShot score(const media::StreamInfo& info, int64_t file_bytes) {
    MeasuredShot shot;
    ShotRecord& record = shot.record;
    record.start_s = start_s_;
    record.end_s = last_s_ + step_s_;
    record.frames = range_.size();
    record.crop = crop(info);
    add_technical(info, file_bytes, record);
    add_motion(record.scores);
    add_frames(record.scores);
    add_pictures(record, info);
    for (size_t k = 0; k < record.hash.parts.size(); ++k) {
      const double share = (double(k) + 0.5) / double(record.hash.parts.size());
      record.hash.parts[k] = nearest_picture(start_s_ + share * (last_s_ - start_s_))->hash;
    }
    shot.jpeg = nearest_picture((start_s_ + last_s_) / 2)->jpeg;
    return shot;
  }

 private:
  using Scores = std::map<std::string, double>;

  const PictureObservation* nearest_picture(double time_s) const {
    const auto& pictures = seen_.pictures;
    const auto nearest =
        std::min_element(pictures.begin(), pictures.end(), [&](const auto& a, const auto& b) {
          return std::abs(a.time_s - time_s) < std::abs(b.time_s - time_s);
        });
    return &*nearest;
  }

  // Of all pictures that show something, together.
  Borders common_borders() const {
    BorderMeter meter;
    for (const PictureObservation* picture : pictures_) {
      if (picture->contrast >= kShowsNothing) meter.add(picture->borders);
    }
    return meter.result();
  }

  data::CropBox crop(const media::StreamInfo& info) const {
    const cv::Rect box = crop_box(common_borders(), {int(info.width), int(info.height)});
    return {box.x, box.y, box.width, box.height};
  }

  void add_technical(const media::StreamInfo& info, int64_t file_bytes, ShotRecord& record) const {
    Scores& scores = record.scores;
    const double fps = 1 / step_s_;
    scores["seconds"] = record.end_s - record.start_s;
    scores["short_side"] = double(std::min(record.crop.width, record.crop.height));
    scores["aspect"] = double(record.crop.height) / (double(record.crop.width) * info.pixel_aspect);
    scores["fps"] = fps;
    scores["file_mib"] = double(file_bytes) / double(1 << 20);
    scores["hdr"] = double(info.hdr);
    if (info.bit_depth > 0) scores["bit_depth"] = info.bit_depth;
    if (info.bit_rate <= 0) return;
    scores["bit_rate"] = info.bit_rate / 1000;
    scores["bits_per_pixel"] = info.bit_rate / (fps * double(info.width) * double(info.height));
  }

  void add_motion(Scores& scores) const {
    if (motions_.empty()) return;
    scores["motion"] = mean_of(motions_, [](const auto& m) { return m.motion; });
    scores["luma_motion"] = mean_of(motions_, [](const auto& m) { return m.luma_motion; });
    // Weighted by how much moves: a still moment says nothing about the camera.
    const double moved = mean_of(motions_, [](const auto& m) { return m.motion; });
    const double camera =
        mean_of(motions_, [](const auto& m) { return m.motion * m.camera_share; });
    scores["camera_motion"] = moved > 0 ? camera / moved : 0;
  }

  void add_frames(Scores& scores) const {
    std::vector<double> lumas, differences;
    std::vector<Brightness> brightness;
    for (int64_t i = range_.first; i <= range_.last; ++i) {
      const FrameTrace& frame = seen_.frames[size_t(i)];
      lumas.push_back(double(frame.mean));
      brightness.push_back({double(frame.mean), double(frame.deviation), double(frame.dark_share)});
      if (i > range_.first) differences.push_back(double(frame.difference));
    }
    const auto count = double(lumas.size());
    scores["brightness"] = std::accumulate(lumas.begin(), lumas.end(), 0.0) / count;
    double deviations = 0;
    for (const Brightness& frame : brightness) deviations += frame.deviation;
    scores["contrast"] = deviations / count;
    scores["black"] = black_share(brightness);
    scores["flicker"] = flicker(lumas);
    const Stillness stillness = measure_stillness(differences, 1 / step_s_);
    scores["freeze"] = stillness.freeze_share;
    scores["slideshow"] = stillness.slideshow_share;
  }

  void add_pictures(ShotRecord& record, const media::StreamInfo& info) const {
    Scores& scores = record.scores;
    scores["saturation"] = mean_of(pictures_, [](const auto& p) { return p.colour.saturation; });
    scores["colourfulness"] =
        mean_of(pictures_, [](const auto& p) { return p.colour.colourfulness; });
    scores["sharpness"] = median_of(pictures_, [](const auto& p) { return p.sharpness.laplacian; });
    scores["blur"] = median_of(pictures_, [](const auto& p) { return p.sharpness.blur; });
    // The mean: captions may stand in a part of the shot only.
    scores["text"] = mean_of(pictures_, [](const auto& p) { return p.text; });
    scores["border"] = border_share(common_borders(), {int(info.width), int(info.height)});
  }

  const Observations& seen_;
  FrameRange range_;
  double step_s_, start_s_ = 0, last_s_ = 0;
  std::vector<const MotionObservation*> motions_;
  std::vector<const PictureObservation*> pictures_;
};

}  // namespace

MeasuredShot score_shot(const Observations& seen, const FrameRange& range, double step_s,
                        const media::StreamInfo& info, int64_t file_bytes) {
  return ShotScorer(seen, range, step_s).score(info, file_bytes);
}

}  // namespace sana::filter
