// What measuring a video costs beside decoding it, on one core.
//
// usage: filter_benchmark [--pictures PER_SECOND] [--flows PER_SECOND] VIDEO...
#include <cstdio>
#include <string>
#include <vector>

#include "best_seconds.h"
#include "filter/measure/video_meter.h"
#include "filter/scores/frame_size.h"
#include "media/decode/video_stream.h"
#include "media/unusable.h"

namespace {

using namespace sana;
using benchmark::best_seconds;

struct Costs {
  int64_t frames = 0;
  double decode_s = 0, picture_s = 0, measure_s = 0;
};

int64_t decode(const std::string& file, bool shrink) {
  media::VideoStream stream(media::open_bytes(file), file);
  const auto& info = stream.info();
  const cv::Size small = filter::size_of_area(double(info.width) * info.pixel_aspect,
                                              double(info.height), filter::kSmallArea);
  while (stream.next()) {
    if (shrink) stream.small(small);
  }
  return stream.num_frames();
}

Costs costs_of(const std::string& file, filter::VideoMeter& meter) {
  Costs costs;
  costs.decode_s = best_seconds([&] { costs.frames = decode(file, /*shrink=*/false); });
  costs.picture_s = best_seconds([&] { decode(file, /*shrink=*/true); }) - costs.decode_s;
  const filter::VideoFile video{file, data::Place::whole(file), 0, 0};
  costs.measure_s = best_seconds([&] { meter.measure(video, [](size_t, const std::string&) {}); }) -
                    costs.decode_s;
  return costs;
}

}  // namespace

int main(int argc, char** argv) {
  filter::prepare_to_measure();
  filter::MeasureConfig config;
  std::vector<std::string> videos;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--pictures" && i + 1 < argc) {
      config.pictures_per_s = std::stod(argv[++i]);
    } else if (word == "--flows" && i + 1 < argc) {
      config.flows_per_s = std::stod(argv[++i]);
    } else {
      videos.push_back(word);
    }
  }
  filter::VideoMeter meter({}, config, {});
  Costs all;
  for (const std::string& video : videos) {
    const Costs costs = costs_of(video, meter);
    all.frames += costs.frames;
    all.decode_s += costs.decode_s;
    all.picture_s += costs.picture_s;
    all.measure_s += costs.measure_s;
  }
  if (all.frames == 0) return 2;
  const auto row = [&](const char* name, double seconds) {
    std::printf("%-34s %7.3f ms/frame  %8.0f frames/s  %5.2f of decoding\n", name,
                1000 * seconds / double(all.frames), double(all.frames) / seconds,
                seconds / all.decode_s);
  };
  row("decoding alone", all.decode_s);
  row("the small picture (in the next)", all.picture_s);
  row("all scores", all.measure_s);
  row("decoding and all scores", all.decode_s + all.measure_s);
  return 0;
}
