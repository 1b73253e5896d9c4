#include "filter/decide/stage_manifest.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "data/source/manifest_line.h"

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

// Lines of JSON, written in large pieces and published whole.
class LineWriter {
 public:
  explicit LineWriter(const fs::path& file) : file_(file) {}
  void add(const Json& line) {
    text_ += dump_json(line) + "\n";
    if (text_.size() < size_t(1) << 20) return;
    file_.write(text_);
    text_.clear();
  }
  void commit() {
    file_.write(text_);
    file_.commit();
  }

 private:
  AtomicFile file_;
  std::string text_;
};

// From the folder of the manifest to the video.
fs::path path_from(const fs::path& folder, const fs::path& path) {
  if (path.is_absolute()) return path;
  return fs::absolute(path).lexically_relative(fs::absolute(folder).lexically_normal());
}

data::ManifestLine manifest_line(const ShotTable& table, const Verdict& verdict,
                                 const fs::path& folder, int64_t i) {
  const ShotTable::Shot& shot = table.shot(i);
  const ShotTable::Video& video = table.video_of(i);
  data::ManifestLine line;
  line.id = table.id(i);
  line.place = video.file.place;
  line.place.path = path_from(folder, video.file.place.path);
  line.place.start_s = shot.start_s;
  line.place.end_s = shot.end_s;
  line.place.crop = shot.crop;
  line.frames = shot.frames;
  line.fps = video.fps;
  line.width = video.width;
  line.height = video.height;
  if (const auto caption = verdict.caption(i)) {
    line.caption = caption->text;
    line.caption_source = caption->source;
  }
  for (const auto& [caption, weight] : verdict.captions(i)) {
    line.captions.push_back({caption.source, caption.text, weight});
  }
  line.weight = verdict.stage().weight;
  for (size_t k = 0; k < table.score_names().size(); ++k) {
    const double value = table.score(i, k);
    if (!std::isnan(value)) line.scores.emplace_back(table.score_names()[k], value);
  }
  return line;
}

}  // namespace

void write_stage_manifest(const fs::path& file, const ShotTable& table, const Verdict& verdict) {
  LineWriter writer(file);
  for (int64_t i = 0; i < table.size(); ++i) {
    if (!verdict.keeps(i)) continue;
    const data::ManifestLine line = manifest_line(table, verdict, file.parent_path(), i);
    with_context(line.id, [&] { line.check(); });  // nothing is written that no one would read
    writer.add(line.to_json());
  }
  writer.commit();
}

void write_verdicts(const fs::path& file, const ShotTable& table,
                    const std::vector<Verdict>& verdicts) {
  LineWriter writer(file);
  for (int64_t i = 0; i < table.size(); ++i) {
    Json line = {{"id", table.id(i)}};
    for (const Verdict& verdict : verdicts) {
      Json& answer = line[verdict.stage().name];
      answer = "kept";
      if (verdict.keeps(i)) continue;
      answer = Json::array();
      for (const uint8_t criterion : verdict.failed(i)) {
        answer.push_back(verdict.reason(i, criterion));
      }
    }
    writer.add(line);
  }
  writer.commit();
}

}  // namespace sana::filter
