#include "data/source/manifest.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "data/source/content_hashes.h"
#include "data/source/media_lister.h"
#include "media/bytes/shard.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

Place parse_place(const nlohmann::json& entry, const fs::path& path) {
  Place place = Place::whole(path);
  place.member = entry.value("member", "");
  place.start_s = entry.value("start_s", 0.0);
  if (entry.contains("end_s")) place.end_s = entry["end_s"].get<double>();
  if (entry.contains("crop")) {
    const auto& crop = entry["crop"];
    place.crop = {crop.at(0), crop.at(1), crop.at(2), crop.at(3)};
  }
  return place;
}

SourceItem parse_line(const std::string& line, const fs::path& manifest, int number) {
  const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto where = fmt::format("{}:{}", manifest.string(), number);
  require(!entry.is_discarded(), "{}: not JSON; expected one object per line", where);
  require(entry.is_object() && entry.contains("path") && entry["path"].is_string(),
          "{}: expected an object with 'path' and 'caption', both texts", where);
  const fs::path path = entry["path"].get<std::string>();
  SourceItem item;
  item.id = path.generic_string();
  try {
    item.place = parse_place(entry, manifest.parent_path() / path);
    if (!item.place.member.empty()) item.id += "/" + item.place.member;
    item.id = entry.value("id", item.id);
    item.weight = entry.value("weight", 1.0);
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("{}: {}", where, error.what()));
  }
  require(item.weight > 0 && item.weight <= 1000,
          "{}: weight is {:g}; expected above 0, up to 1000", where, item.weight);
  if (entry.contains("caption") && entry["caption"].is_string()) {
    item.caption = tidy_caption(entry["caption"].get<std::string>());
  }
  item.kind = media_kind(item.place.name()).value_or(MediaKind::kVideo);
  return item;
}

// Where each member begins. A shard that cannot be read has none: reading gives the reason.
using Positions = std::map<std::string, int64_t>;

Positions positions_in(const fs::path& shard) {
  Positions positions;
  try {
    for (const media::ShardEntry& entry : media::list_shard(shard))
      positions.emplace(entry.name, entry.position);
  } catch (const media::UnreadableShard&) {
  }
  return positions;
}

void add_positions(std::vector<SourceItem>& items) {
  std::map<fs::path, Positions> shards;
  for (SourceItem& item : items) {
    Place& place = item.place;
    if (place.member.empty()) continue;
    auto [shard, is_new] = shards.try_emplace(place.path);
    if (is_new) shard->second = positions_in(place.path);
    const auto found = shard->second.find(place.member);
    if (found != shard->second.end()) place.position = found->second;
  }
}

std::vector<SourceItem> list_manifest(const fs::path& manifest) {
  std::ifstream file(manifest);
  require(file.good(), "{}: cannot be read", manifest.string());
  std::vector<SourceItem> items;
  std::map<std::string, int> lines;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (tidy_caption(line).empty()) continue;
    SourceItem item = parse_line(line, manifest, number);
    const auto [earlier, is_new] = lines.emplace(item.id, number);
    if (!is_new) {
      item.problem =
          media::UnusedClip{item.id, "listed twice",
                            fmt::format("in line {} and in line {}", earlier->second, number),
                            "keep one line for each clip"};
      item.id = fmt::format("{} (line {})", item.id, number);  // so that it is counted, too
      item.problem->id = item.id;
    }
    items.push_back(std::move(item));
  }
  add_positions(items);
  return items;
}

std::vector<SourceItem> list_any(const fs::path& source, const std::vector<std::string>& captions) {
  if (!fs::is_directory(source) && !media::is_shard(source)) return list_manifest(source);
  MediaLister lister(captions);
  if (fs::is_directory(source)) {
    lister.add_folder(source);
  } else {
    lister.add_shard(source, source.filename().string());
  }
  return lister.take();
}

// Of a shard that gave no clips it is not known what they are.
bool is_whole_shard(const SourceItem& item) {
  return item.place.member.empty() && media::is_shard(item.place.path);
}

// What a hash must see of an item beside its file and words; nothing for a whole file.
std::string item_text(const SourceItem& item) {
  const Place& place = item.place;
  std::string text;
  if (!place.member.empty()) text += "\t" + place.member;
  if (place.start_s != 0 || place.end_s) {
    text += fmt::format("\t{}-{}", place.start_s, place.end_s.value_or(-1));
  }
  if (place.crop) {
    text += fmt::format("\t{},{},{},{}", place.crop->x, place.crop->y, place.crop->width,
                        place.crop->height);
  }
  if (item.weight != 1) text += fmt::format("\tweight {:.17g}", item.weight);
  return text;
}

}  // namespace

std::string valid_utf8(const std::string& text) {
  const nlohmann::json json = text;
  const auto dumped = dump_json(json);
  return nlohmann::json::parse(dumped).get<std::string>();
}

std::string tidy_caption(const std::string& text) {
  std::istringstream words(valid_utf8(text));
  words.imbue(std::locale::classic());
  std::string word, caption;
  while (words >> word) caption += (caption.empty() ? "" : " ") + word;
  return caption;
}

std::optional<MediaKind> media_kind(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* video : {".mp4", ".mkv", ".webm", ".avi", ".mov", ".wmv"}) {
    if (extension == video) return MediaKind::kVideo;
  }
  for (const char* image : {".jpg", ".jpeg", ".png"}) {
    if (extension == image) return MediaKind::kImage;
  }
  return std::nullopt;
}

std::vector<SourceItem> list_sources(const fs::path& source, const std::string& only,
                                     const std::vector<std::string>& captions) {
  require(fs::exists(source), "source: {} does not exist", source.string());
  auto items = list_any(source, captions);
  if (only != "all") {
    const MediaKind kept = only == "images" ? MediaKind::kImage : MediaKind::kVideo;
    std::erase_if(
        items, [&](const SourceItem& item) { return item.kind != kept && !is_whole_shard(item); });
  }
  require(!items.empty(),
          "source: {} lists no {}; expected files of a known type ({}), each with its caption in a "
          ".txt or .json file of the same name, shards of these (.zip, .tar, .tar.gz), or a JSONL "
          "file with path and caption",
          source.string(), only == "all" ? "clips" : only, kKnownTypes);
  std::stable_sort(items.begin(), items.end(),
                   [](const SourceItem& a, const SourceItem& b) { return a.id < b.id; });
  return items;
}

void check_usable(const SourceItem& item, bool needs_caption) {
  if (item.problem) {
    throw media::UnusableClip(item.problem->reason, item.problem->detail, item.problem->remedy);
  }
  if (needs_caption && item.caption.empty()) {
    throw media::UnusableClip(
        "caption missing", "no words in its .txt or .json, in a file of `captions`, or in its line",
        "write one sentence of what it shows");
  }
}

std::string hash_sources(const std::vector<SourceItem>& items, ProgressSink& progress,
                         const LaunchRank& ranks, const fs::path& list) {
  std::vector<fs::path> files;  // many shots may lie in one
  for (const SourceItem& item : items) files.push_back(item.place.path);
  const auto contents = hash_contents(files, ranks, list, progress);
  Hasher hasher;
  for (const SourceItem& item : items) {
    hasher.add(item.id + "\t" + item.caption + "\t" + contents.at(item.place.path) +
               item_text(item) + "\n");
  }
  return hasher.hex();
}

}  // namespace sana::data
