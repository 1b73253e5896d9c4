#include "filter/export/export_clips.h"

#include "core/build_config.h"
#include "core/error.h"

#if SANA_HAS_VIDEO_IO
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/output_lock.h"
#include "core/signals.h"
#include "data/source/manifest_line.h"
#include "media/decode/video_stream.h"
#include "media/encode/video_encoder.h"
#include "media/unusable.h"
#endif

namespace sana::filter {
namespace fs = std::filesystem;

#if SANA_HAS_VIDEO_IO
namespace {

// Every line of a stage's manifest. Throws UserError for one of a list that filter did not write.
std::vector<data::ManifestLine> read_lines(const fs::path& manifest) {
  std::vector<data::ManifestLine> lines;
  data::read_manifest(manifest, [&](data::ManifestLine line, int64_t number) {
    const char* missing = !line.place.end_s  ? "end_s"
                          : !line.place.crop ? "crop"
                          : !line.fps        ? "fps"
                                             : nullptr;
    require(missing == nullptr, "{}:{}: clip '{}' has no {}, which an export needs; filter again",
            manifest.string(), number, line.id, missing == nullptr ? "" : missing);
    lines.push_back(std::move(line));
  });
  return lines;
}

std::string file_name(std::string id) {
  for (char& c : id) {
    if (c == '/' || c == '#' || c == '\\') c = '_';
  }
  return id;
}

// The part of each picture that the manifest names.
cv::Rect box_of(const data::Place& place, cv::Size size) {
  const data::CropBox& crop = *place.crop;
  const cv::Rect box(int(crop.x), int(crop.y), int(crop.width), int(crop.height));
  require((box & cv::Rect({0, 0}, size)) == box && box.area() > 0,
          "{}: is {}x{} now, not what it was when it was measured; filter again",
          place.path.string(), size.width, size.height);
  return box;
}

void export_clip(const data::ManifestLine& clip, const fs::path& target) {
  const data::Place& place = clip.place;
  media::VideoStream stream(data::open_bytes(place), place.name());
  const cv::Size size(int(stream.info().width), int(stream.info().height));
  const cv::Rect box = box_of(place, size);
  const double half_step = 0.5 / *clip.fps;
  StagedFile staged(target);
  media::VideoEncoder writer(staged.path(), *media::video_format(target), box.width, box.height,
                             *clip.fps);
  cv::Mat rgb;
  bool has_frame = stream.next_at(place.start_s);
  while (has_frame && stream.time_s() < *place.end_s - half_step) {
    cv::cvtColor(stream.bgr(size)(box), rgb, cv::COLOR_BGR2RGB);
    writer.add(rgb.data, int64_t(rgb.step));
    has_frame = stream.next();
  }
  writer.finish();
  staged.commit();
}

}  // namespace

int64_t export_clips(const fs::path& manifest, const fs::path& folder, ProgressSink& progress) {
  const auto lines = read_lines(manifest);
  ensure_writable_directory(folder);
  const OutputLock lock = OutputLock::of_folder(folder);
  progress.begin("exporting " + folder.string(), int64_t(lines.size()), "clips");
  int64_t exported = 0;
  for (const data::ManifestLine& clip : lines) {
    if (stop_signal() != 0) break;
    const fs::path target = folder / (file_name(clip.id) + ".mp4");
    if (!fs::exists(target)) {
      try {
        export_clip(clip, target);
      } catch (const media::UnusableClip& error) {
        throw UserError(fmt::format("{}: {}; filter again", clip.id, error.what()));
      }
    }
    if (!clip.caption.empty()) {
      write_file_atomically(fs::path(target).replace_extension(".txt"), clip.caption + "\n");
    }
    ++exported;
    progress.advance();
  }
  progress.end();
  return exported;
}

#else
int64_t export_clips(const fs::path&, const fs::path&, ProgressSink&) {
  throw EnvironmentError(
      "this build of sana-video writes no videos: it was configured without OpenCV, FFmpeg or "
      "libjpeg. Install libopencv-dev, libavcodec-dev, libavformat-dev, libswscale-dev and "
      "libjpeg-dev and configure "
      "again.");
}
#endif

}  // namespace sana::filter
