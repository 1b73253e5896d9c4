// What is known about a video and its shots once they are measured: a line of scores.jsonl.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/source/place.h"
#include "filter/record/shot_hash.h"
#include "media/unusable.h"

namespace sana::filter {

// A video as it is listed, with what tells whether it has changed since.
struct VideoFile {
  std::string id;     // text, unique in the run: path below its source, "shard.zip/key.mp4"
  data::Place place;  // all of it; scores.jsonl has its path and member
  int64_t bytes = 0, modified_ns = 0;  // of the file or shard, the time since the epoch
  std::optional<media::UnusedClip> problem = std::nullopt;  // found while listing
};

struct ShotRecord {
  double start_s = 0, end_s = 0;  // after the first frame of the video
  int64_t frames = 0;
  data::CropBox crop;                    // the picture without borders
  std::map<std::string, double> scores;  // see score_table.h; absent: not measured
  ShotHash hash;
};

struct VideoRecord {
  VideoFile file;
  std::string measured_with;  // hash of the settings that determine the numbers
  std::string codec, pixel_format;
  int64_t width = 0, height = 0;
  double fps = 0, seconds = 0;
  std::vector<ShotRecord> shots;
  std::optional<media::UnusedClip> problem;  // then there are no shots
};

// "a/b.mp4#3", shots counted from 0.
std::string shot_id(const VideoRecord& video, size_t shot);

// JSON of one record; numbers are rounded to 6 significant digits, so that reading gives the same
// again. Names that are no UTF-8 stand there as text.h has them. Reading throws UserError.
nlohmann::ordered_json to_json(const VideoRecord& video);
VideoRecord video_from_json(const nlohmann::json& json);

}  // namespace sana::filter
