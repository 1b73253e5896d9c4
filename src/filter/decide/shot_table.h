// All shots of a run with their scores, packed: some 300 bytes a shot, so that a million fit.
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "filter/record/video_record.h"

namespace sana::filter {

class ShotTable {
 public:
  struct Video {
    VideoFile file;
    int64_t width = 0, height = 0;
    double fps = 0;
    std::map<std::string, std::string> captions;  // by source
  };
  struct Shot {
    int64_t video = 0;
    int64_t index = 0;  // among the shots of its video
    double start_s = 0, end_s = 0;
    int64_t frames = 0;
    data::CropBox crop;
    ShotHash hash;
  };

  explicit ShotTable(std::vector<std::string> score_names);

  // Adds the shots of a video, each with the scores of `extra` on top of its own.
  void add(const VideoRecord& record, std::map<std::string, std::string> captions,
           const std::map<std::string, double>& extra);

  int64_t size() const { return int64_t(shots_.size()); }
  int64_t num_videos() const { return int64_t(videos_.size()); }  // that have a shot
  const Shot& shot(int64_t i) const { return shots_[size_t(i)]; }
  const Video& video_of(int64_t i) const { return videos_[size_t(shot(i).video)]; }
  std::string id(int64_t i) const;  // "a/b.mp4#3"
  double seconds(int64_t i) const { return shot(i).end_s - shot(i).start_s; }

  const std::vector<std::string>& score_names() const { return names_; }
  // Column of a score. Throws InternalError for one that the table has not.
  size_t column(const std::string& name) const;
  // NaN: not measured.
  double score(int64_t i, size_t column) const {
    return values_[size_t(i) * names_.size() + column];
  }
  void set_score(int64_t i, size_t column, double value) {
    values_[size_t(i) * names_.size() + column] = value;
  }

  std::vector<ShotHash> hashes() const;

 private:
  std::vector<std::string> names_;
  std::map<std::string, size_t> columns_;
  std::vector<Video> videos_;
  std::vector<Shot> shots_;
  std::vector<double> values_;  // [shot, score]
};

}  // namespace sana::filter
