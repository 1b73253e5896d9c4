#include "filter/decide/stage_manifest.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/json_dump.h"

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

std::string path_from(const fs::path& folder, const std::string& path) {
  if (fs::path(path).is_absolute()) return path;
  return fs::absolute(path)
      .lexically_relative(fs::absolute(folder).lexically_normal())
      .generic_string();
}

Json scores_of(const ShotTable& table, int64_t shot) {
  auto scores = Json::object();
  for (size_t k = 0; k < table.score_names().size(); ++k) {
    const double value = table.score(shot, k);
    if (!std::isnan(value)) scores[table.score_names()[k]] = value;
  }
  return scores;
}

Json manifest_line(const ShotTable& table, const Verdict& verdict, const fs::path& folder,
                   int64_t i) {
  const ShotTable::Shot& shot = table.shot(i);
  const ShotTable::Video& video = table.video_of(i);
  Json line = {{"id", table.id(i)}, {"path", path_from(folder, video.file.place.path.native())}};
  if (!video.file.place.member.empty()) line["member"] = video.file.place.member;
  line["start_s"] = shot.start_s;
  line["end_s"] = shot.end_s;
  line["frames"] = shot.frames;
  line["fps"] = video.fps;
  line["width"] = video.width;
  line["height"] = video.height;
  line["crop"] = {shot.crop.x, shot.crop.y, shot.crop.width, shot.crop.height};
  if (const auto caption = verdict.caption(i)) {
    line["caption"] = caption->text;
    line["caption_source"] = caption->source;
  }
  auto captions = Json::object();
  for (const auto& [caption, weight] : verdict.captions(i)) {
    captions[caption.source] = {caption.text, weight};
  }
  line["captions"] = captions;
  line["weight"] = verdict.stage().weight;
  line["scores"] = scores_of(table, i);
  return line;
}

}  // namespace

void write_stage_manifest(const fs::path& file, const ShotTable& table, const Verdict& verdict) {
  LineWriter writer(file);
  for (int64_t i = 0; i < table.size(); ++i) {
    if (verdict.keeps(i)) writer.add(manifest_line(table, verdict, file.parent_path(), i));
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
