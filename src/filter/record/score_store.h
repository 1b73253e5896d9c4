// scores.jsonl, the measurements of every video, and the journal from which a killed run goes on.
//
//   <output>/scores.jsonl    a line per video, sorted by id; appears whole
//   <output>/journal.jsonl   what the present run has measured since, in any order
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "filter/record/video_record.h"

namespace sana::filter {

class ScoreStore {
 public:
  // Reads what is there. Throws UserError when a line that was finished is damaged,
  // EnvironmentError when the folder cannot be written.
  explicit ScoreStore(std::filesystem::path output);

  // Whether this video, of this size and time, was measured with these settings.
  bool has(const VideoFile& video, const std::string& measured_with) const;
  // Appends to the journal; at most the work of a second is lost when the machine fails.
  // Thread-safe. Throws EnvironmentError.
  void add(const VideoRecord& record);
  // Writes scores.jsonl with exactly these videos, all of which must be there, and removes the
  // journal. Throws EnvironmentError.
  void finish(const std::vector<VideoFile>& videos);

 private:
  struct Line {
    int file = 0;  // of files_
    int64_t offset = 0, length = 0;
    int64_t bytes = 0, modified_ns = 0;
    std::string measured_with;
  };

  void read_file(int file);
  std::string read_line(const Line& line) const;
  std::filesystem::path scores() const { return output_ / "scores.jsonl"; }
  std::filesystem::path journal() const { return output_ / "journal.jsonl"; }

  std::filesystem::path output_;
  std::map<std::string, Line> lines_;  // by id
  mutable std::mutex lock_;            // of the journal and the lines
  int64_t journal_bytes_ = 0;
  double last_sync_s_ = 0;
};

// Every record of a finished scores.jsonl, in order, one in memory at a time. Throws UserError when
// it is missing or damaged (with its line).
void read_scores(const std::filesystem::path& output,
                 const std::function<void(VideoRecord record)>& take);

}  // namespace sana::filter
