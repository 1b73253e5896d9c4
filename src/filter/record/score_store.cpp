#include "filter/record/score_store.h"

#include <chrono>
#include <fstream>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "data/line_file.h"

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

constexpr int kScores = 0, kJournal = 1;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

VideoRecord parse_line(const std::string& line, const fs::path& file, int64_t number) {
  try {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    require(!json.is_discarded(), "not JSON");
    return video_from_json(json);
  } catch (const UserError& error) {
    throw UserError(fmt::format("{}:{}: damaged: {}; delete the file and filter again",
                                file.string(), number, error.what()));
  }
}

}  // namespace

ScoreStore::ScoreStore(fs::path output) : output_(std::move(output)) {
  ensure_writable_directory(output_);
  read_file(kScores);
  read_file(kJournal);
}

void ScoreStore::read_file(int file) {
  const fs::path path = file == kScores ? scores() : journal();
  std::ifstream in(path, std::ios::binary);
  std::string line;
  int64_t offset = 0;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    if (in.eof()) break;  // no line end: killed while writing it
    const auto length = int64_t(line.size()) + 1;
    const VideoRecord record = parse_line(line, path, number);
    lines_[record.file.id] = {
        file, offset, length, record.file.bytes, record.file.modified_ns, record.measured_with};
    offset += length;
  }
  in.close();
  if (file != kJournal) return;
  journal_bytes_ = offset;
  if (fs::exists(path) && int64_t(fs::file_size(path)) != offset) {
    fs::resize_file(path, uint64_t(offset));
  }
}

bool ScoreStore::has(const VideoFile& video, const std::string& measured_with) const {
  if (video.problem) return false;  // of the list that is there now
  const std::lock_guard guard(lock_);
  const auto found = lines_.find(video.id);
  return found != lines_.end() && found->second.bytes == video.bytes &&
         found->second.modified_ns == video.modified_ns &&
         found->second.measured_with == measured_with;
}

void ScoreStore::add(const VideoRecord& record) {
  const std::string text = dump_json(to_json(record)) + "\n";
  const std::lock_guard guard(lock_);
  const bool sync = now_s() - last_sync_s_ > 1;
  data::append_to_file(journal(), text, sync);
  if (sync) last_sync_s_ = now_s();
  lines_[record.file.id] = {kJournal,          journal_bytes_,          int64_t(text.size()),
                            record.file.bytes, record.file.modified_ns, record.measured_with};
  journal_bytes_ += int64_t(text.size());
}

std::string ScoreStore::read_line(const Line& line) const {
  std::ifstream in(line.file == kScores ? scores() : journal(), std::ios::binary);
  in.seekg(line.offset);
  std::string text(size_t(line.length), '\0');
  in.read(text.data(), line.length);
  if (in.gcount() != line.length) {
    throw EnvironmentError(output_.string() + ": the scores cannot be read back");
  }
  return text;
}

void ScoreStore::finish(const std::vector<VideoFile>& videos) {
  AtomicFile file(scores());
  std::string text;
  for (const VideoFile& video : videos) {
    const auto found = lines_.find(video.id);
    SANA_ASSERT(found != lines_.end());
    text += read_line(found->second);
    if (text.size() < size_t(1) << 20) continue;
    file.write(text);
    text.clear();
  }
  file.write(text);
  file.commit();
  fs::remove(journal());
}

void read_scores(const fs::path& output, const std::function<void(VideoRecord)>& take) {
  const fs::path path = output / "scores.jsonl";
  std::ifstream in(path, std::ios::binary);
  require(in.good(), "{}: there are no scores yet; run `sana-video filter` without --decide",
          path.string());
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) take(parse_line(line, path, number));
}

}  // namespace sana::filter
