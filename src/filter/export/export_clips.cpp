#include "filter/export/export_clips.h"

#include "core/build_config.h"
#include "core/error.h"

#if SANA_HAS_VIDEO_IO
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/output_lock.h"
#include "core/signals.h"
#include "data/source/manifest_line.h"
#include "filter/export/export_names.h"
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

// The clip and its caption, unless they are there.
void export_named(const data::ManifestLine& clip, const fs::path& folder, const std::string& name,
                  ExportRecord& record) {
  if (!record.has(name, clip)) {
    record.add(name, clip);
    export_clip(clip, folder / (name + ".mp4"));
  }
  if (!clip.caption.empty()) {
    write_file_atomically(folder / (name + ".txt"), clip.caption + "\n");
  }
}

// Of clips that could not be exported, the first ten are named.
void require_all(const std::vector<std::string>& problems, int64_t exported,
                 const fs::path& folder) {
  if (problems.empty()) return;
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(problems.size(), 10); ++i) text += "\n  " + problems[i];
  throw UserError(
      fmt::format("{} of {} clips are not exported to {} (filter again, if their videos have "
                  "changed):{}{}",
                  problems.size(), int64_t(problems.size()) + exported, folder.string(), text,
                  problems.size() > 10 ? "\n  ..." : ""));
}

}  // namespace

int64_t export_clips(const fs::path& manifest, const fs::path& folder, ProgressSink& progress) {
  const auto lines = read_lines(manifest);
  const auto names = export_names(lines);
  ensure_writable_directory(folder);
  const OutputLock lock = OutputLock::of_folder(folder);
  ExportRecord record(folder);
  record.remove_partials();
  progress.begin("exporting " + folder.string(), int64_t(lines.size()), "clips");
  int64_t exported = 0;
  std::vector<std::string> problems;
  for (size_t i = 0; i < lines.size() && stop_signal() == 0; ++i) {
    try {
      export_named(lines[i], folder, names[i], record);
      ++exported;
    } catch (const media::UnusableClip& error) {
      problems.push_back(fmt::format("{}: {}", lines[i].id, error.what()));
    } catch (const UserError& error) {
      problems.push_back(fmt::format("{}: {}", lines[i].id, error.what()));
    }
    progress.advance();
  }
  progress.end();
  if (stop_signal() == 0) require_all(problems, exported, folder);
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
