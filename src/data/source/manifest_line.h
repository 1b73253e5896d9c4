// A line of a manifest: what `sana-video filter` says of a clip that a stage keeps, and what lists
// written by hand may say.
//
//   key                          range               read by
//   path                         a text              all; relative to the manifest, or absolute
//   id                           a text              all; without it: path, member, and "@1.5-4"
//                                                    where the line has times
//   member                       a text              all; the path is then a shard
//   start_s, end_s               0 <= start <= end   all; seconds after the first frame, below 1e7
//   crop [x, y, width, height]   integers, 0 to 1e6  all; of the picture as it is shown
//   caption                      a text, 1 MiB       all
//   weight                       above 0, to 1000    prepare, train: times drawn in an epoch
//   frames, fps, width, height   above 0             filter's export (fps): of the shot, its video
//   caption_source, captions {source: [text, weight]}, scores {name: number}   people
//
// Names of files that are no UTF-8 stand in path, member and id as core/text.h has them
// (path_as_text). Other keys are passed over, so that a list may carry what it likes. So are the last two rows and
// `caption` when their values are of another type or range: other programs use the same names.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/source/place.h"

namespace sana::data {

// The check of a weight, for configurations too: times that a clip is drawn in an epoch.
struct WeightRange {
  static constexpr double kMost = 1000;

  // A complaint, or nothing.
  std::optional<std::string> operator()(double weight) const;
  std::string describe() const { return "above 0, up to 1000"; }
};

struct WeightedCaption {
  std::string source, text;
  double weight = 1;
};

struct ManifestLine {
  std::string id;
  Place place;  // without position
  std::optional<int64_t> frames, width, height;
  std::optional<double> fps;
  std::string caption, caption_source;    // empty: none
  std::vector<WeightedCaption> captions;  // all that the clip has, of which `caption` was drawn
  double weight = 1;
  std::vector<std::pair<std::string, double>> scores;

  // "a.mp4", "s.zip/k.mp4", "a.mp4@1.5-4" (end_s is left out where the line has none): what the
  // clip is called that has no id. Of lines that differ in crop alone it is the same.
  std::string default_id() const;
  // Keys in the order in which filter has always written them; what is not known is left out.
  nlohmann::ordered_json to_json() const;
  // Throws UserError when a key that says which clip it is has another type; ranges are left to
  // check().
  static ManifestLine from_json(const nlohmann::json& json);
  // Throws UserError naming the key that is out of its range, and the range.
  void check() const;
};

// What a text in a list names, seen from the list's folder: core/text.h's name of a file that is
// no UTF-8, unless there is a file that is called just like the text.
std::filesystem::path path_in_list(const std::filesystem::path& folder, const std::string& text);

// Hands out the lines of a manifest with their numbers, counted from 1, checked, and with paths to
// open. Empty lines are passed over; the file may be UTF-8 or UTF-16 with a mark, with lines of 16
// MiB. Throws UserError naming file and line, Stopped.
void read_manifest(const std::filesystem::path& manifest,
                   const std::function<void(ManifestLine line, int64_t number)>& take);

}  // namespace sana::data
