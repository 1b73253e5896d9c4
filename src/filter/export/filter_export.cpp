#include "filter/export/filter_export.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/signals.h"
#if SANA_HAS_VIDEO_IO
#include <opencv2/imgproc.hpp>

#include "data/source/place.h"
#include "media/decode/video_stream.h"
#include "media/encode/video_encoder.h"
#include "media/unusable.h"
#endif

namespace sana::filter {
namespace fs = std::filesystem;
#if SANA_HAS_VIDEO_IO
namespace {

std::vector<nlohmann::json> read_lines(const fs::path& manifest) {
  std::ifstream file(manifest);
  require(file.good(), "{}: cannot be read", manifest.string());
  std::vector<nlohmann::json> lines;
  std::string text;
  while (std::getline(file, text)) {
    lines.push_back(nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false));
    require(lines.back().is_object(), "{}:{}: not a JSON object", manifest.string(), lines.size());
  }
  return lines;
}

std::string file_name(std::string id) {
  for (char& c : id) {
    if (c == '/' || c == '#' || c == '\\') c = '_';
  }
  return id;
}

void export_clip(const nlohmann::json& clip, const fs::path& source, const fs::path& target) {
  data::Place place = data::Place::whole(source);
  place.member = clip.value("member", "");
  media::VideoStream stream(data::open_bytes(place), place.name());
  const auto& crop = clip.at("crop");
  const cv::Rect box(crop.at(0), crop.at(1), crop.at(2), crop.at(3));
  const cv::Size size(int(stream.info().width), int(stream.info().height));
  require((box & cv::Rect({0, 0}, size)) == box && box.area() > 0,
          "{}: is {}x{} now, not what it was when it was measured; filter again", source.string(),
          size.width, size.height);
  const double end_s = clip.at("end_s");
  const double half_step = 0.5 / clip.at("fps").get<double>();
  const fs::path partial = target.string() + ".partial.mp4";
  media::VideoEncoder writer(partial, *media::video_format(target), box.width, box.height,
                             clip.at("fps"));
  cv::Mat rgb;
  bool has_frame = stream.next_at(clip.at("start_s"));
  while (has_frame && stream.time_s() < end_s - half_step) {
    cv::cvtColor(stream.bgr(size)(box), rgb, cv::COLOR_BGR2RGB);
    writer.add(rgb.data, int64_t(rgb.step));
    has_frame = stream.next();
  }
  writer.finish();
  sync_path(partial);
  fs::rename(partial, target);
}

}  // namespace

int64_t export_clips(const fs::path& manifest, const fs::path& folder, ProgressSink& progress) {
  const auto lines = read_lines(manifest);
  ensure_writable_directory(folder);
  progress.begin("exporting " + folder.string(), int64_t(lines.size()), "clips");
  int64_t exported = 0;
  for (const auto& clip : lines) {
    if (stop_signal() != 0) break;
    const std::string id = clip.value("id", "");
    const fs::path target = folder / (file_name(id) + ".mp4");
    if (!fs::exists(target)) {
      try {
        export_clip(clip, manifest.parent_path() / clip.at("path").get<std::string>(), target);
      } catch (const media::UnusableClip& error) {
        throw UserError(fmt::format("{}: {}; filter again", id, error.what()));
      } catch (const nlohmann::json::exception& error) {
        throw UserError(fmt::format("{}: clip '{}': {}", manifest.string(), id, error.what()));
      }
    }
    const std::string caption = clip.value("caption", "");
    if (!caption.empty()) {
      write_file_atomically(fs::path(target).replace_extension(".txt"), caption + "\n");
    }
    ++exported;
    progress.advance();
  }
  progress.end();
  return exported;
}
#else
int64_t export_clips(const fs::path&, const fs::path&, ProgressSink&) {
  throw EnvironmentError("this build of sana-video writes no videos: FFmpeg was missing");
}
#endif

}  // namespace sana::filter
