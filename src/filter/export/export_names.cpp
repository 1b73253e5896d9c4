#include "filter/export/export_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/text.h"
#include "core/text_lines.h"
#include "data/line_file.h"

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

// File systems take 255; endings and ".partial" follow.
constexpr size_t kMostNameBytes = 200;
constexpr size_t kHashDigits = 10;

std::string plain_name(std::string id) {
  for (char& c : id) {
    const bool is_kept = c != '/' && c != '#' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
    if (!is_kept) c = '_';
  }
  if (id.starts_with('.')) id.front() = '_';  // else `prepare` would pass it over as hidden
  return id;
}

std::string hashed_name(std::string name, const std::string& id) {
  size_t end = std::min(name.size(), kMostNameBytes);
  while (end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  name.resize(end);
  return name + "-" + hash_text(id).substr(0, kHashDigits);
}

// Of the clip's pictures: another of the same id is told apart.
std::string hash_of(const data::ManifestLine& line) {
  const data::Place& place = line.place;
  const data::CropBox crop = place.crop.value_or(data::CropBox{});
  return hash_text(fmt::format("{}\n{}\n{}\n{} {}\n{} {} {} {}\n{}", line.id,
                               place.path.lexically_normal().filename().native(), place.member,
                               place.start_s, place.end_s.value_or(-1), crop.x, crop.y, crop.width,
                               crop.height, line.fps.value_or(0)));
}

}  // namespace

std::vector<std::string> export_names(const std::vector<data::ManifestLine>& lines) {
  std::map<std::string, int64_t> counts;
  for (const data::ManifestLine& line : lines) ++counts[plain_name(line.id)];
  std::vector<std::string> names;
  for (const data::ManifestLine& line : lines) {
    std::string name = plain_name(line.id);
    const bool is_alone = counts.at(name) == 1 && name.size() <= kMostNameBytes;
    names.push_back(is_alone ? std::move(name) : hashed_name(std::move(name), line.id));
  }
  return names;
}

ExportRecord::ExportRecord(fs::path folder) : folder_(std::move(folder)) {
  std::error_code ignored;
  if (!fs::exists(file(), ignored)) return;
  TextLines lines(file());
  for (std::string line; lines.next(line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto text = [&](const char* key) {
      return json.is_object() && json.contains(key) && json[key].is_string()
                 ? json[key].get<std::string>()
                 : std::string();
    };
    if (!text("name").empty()) clips_[text("name")] = text("clip");
  }
}

bool ExportRecord::has(const std::string& name, const data::ManifestLine& line) const {
  const fs::path target = folder_ / (name + ".mp4");
  if (fs::symlink_status(target).type() == fs::file_type::not_found) return false;
  const auto known = clips_.find(name);
  require(
      known != clips_.end() && known->second == hash_of(line),
      "{}: there is a file of this name already that is not this clip ({}); export into another "
      "folder, or remove it",
      valid_utf8(target.string()), line.id);
  return true;
}

void ExportRecord::remove_partials() const {
  for (const auto& [name, clip] : clips_) {
    std::error_code ignored;
    fs::remove(folder_ / (name + ".mp4" + kPartialEnding), ignored);
    fs::remove(folder_ / (name + ".txt.partial"), ignored);
  }
}

void ExportRecord::add(const std::string& name, const data::ManifestLine& line) {
  const std::string clip = hash_of(line);
  const auto known = clips_.find(name);
  if (known != clips_.end() && known->second == clip) return;  // of a run that was killed
  const nlohmann::ordered_json json = {{"name", name}, {"id", line.id}, {"clip", clip}};
  data::append_to_file(file(), dump_json(json) + "\n", /*sync=*/true);
  clips_[name] = clip;
}

}  // namespace sana::filter
