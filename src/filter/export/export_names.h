// What the files of an export are called, and which of them are its own. Nothing outside this
// folder needs it.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/source/manifest_line.h"

namespace sana::filter {

// A name for each id, without ending: '/', '#' and '\' become '_'. Ids that would share one get the
// hash of the id behind it, and so do those that are longer than file systems take. The same ids
// give the same names.
std::vector<std::string> export_names(const std::vector<data::ManifestLine>& lines);

// Of a clip that is being written, behind the name of its file (core/files).
inline constexpr const char* kPartialEnding = ".partial";

// <folder>/exported.jsonl: which clip each file of the folder is. A line is written before its
// file, so that a file without one is somebody else's.
class ExportRecord {
 public:
  // Reads what is there; lines that are damaged do not count.
  explicit ExportRecord(std::filesystem::path folder);

  // Whether <folder>/<name>.mp4 is there and is this clip. Throws UserError when a file of that
  // name is another clip, or nobody knows what.
  bool has(const std::string& name, const data::ManifestLine& line) const;
  // What a run that was killed left of the clips that it began.
  void remove_partials() const;
  // Throws EnvironmentError.
  void add(const std::string& name, const data::ManifestLine& line);

 private:
  std::filesystem::path file() const { return folder_ / "exported.jsonl"; }

  std::filesystem::path folder_;
  std::map<std::string, std::string> clips_;  // by name: hash of what determines the pictures
};

}  // namespace sana::filter
