#include "data/manifest.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/files.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

constexpr const char* kKnownTypes = ".avi .jpeg .jpg .mkv .mov .mp4 .png .webm .wmv";

// Bytes that are no UTF-8 become replacement characters, so that JSON gives back what it was given.
std::string valid_utf8(const std::string& text) {
  const nlohmann::json json = text;
  const auto dumped = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(dumped).get<std::string>();
}

bool is_hidden(const fs::path& relative) {
  return std::any_of(relative.begin(), relative.end(),
                     [](const fs::path& part) { return part.native().starts_with("."); });
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, fs::directory_options::follow_directory_symlink,
                                      error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->is_regular_file()) files.push_back(it->path().lexically_relative(folder));
  }
  require(!error, "{}: cannot be listed: {}", folder.string(), error.message());
  std::erase_if(files, is_hidden);
  return files;
}

fs::path without_extension(fs::path path) { return path.replace_extension(); }

std::vector<SourceItem> list_folder(const fs::path& folder) {
  std::vector<SourceItem> items;
  std::set<fs::path> stems;
  const auto files = files_below(folder);
  for (const fs::path& file : files) {
    const auto kind = media_kind(file);
    if (!kind) continue;
    stems.insert(without_extension(file));
    SourceItem item{valid_utf8(file.generic_string()), folder / file, "", *kind, {}, {}};
    item.part.path = item.path;
    const fs::path text = fs::path(folder / file).replace_extension(".txt");
    if (fs::exists(text)) item.caption = tidy_caption(read_text_file(text));
    items.push_back(std::move(item));
  }
  // A caption whose clip has another type or is gone: said, not passed over.
  for (const fs::path& file : files) {
    if (file.extension() != ".txt" || stems.count(without_extension(file)) != 0) continue;
    SourceItem item{
        valid_utf8(file.generic_string()), folder / file, "", MediaKind::kVideo, {}, {}};
    item.problem =
        UnusedClip{item.id, "caption without clip", "no clip of this name has a known type",
                   std::string("known types are ") + kKnownTypes};
    items.push_back(std::move(item));
  }
  return items;
}

VideoPart parse_part(const nlohmann::json& entry, const fs::path& path) {
  VideoPart part;
  part.path = path;
  part.member = entry.value("member", "");
  part.start_s = entry.value("start_s", 0.0);
  if (entry.contains("end_s")) part.end_s = entry["end_s"].get<double>();
  if (entry.contains("crop")) {
    const auto& crop = entry["crop"];
    part.crop = {crop.at(0), crop.at(1), crop.at(2), crop.at(3)};
  }
  return part;
}

SourceItem parse_line(const std::string& line, const fs::path& manifest, int number) {
  const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto where = fmt::format("{}:{}", manifest.string(), number);
  require(!entry.is_discarded(), "{}: not JSON; expected one object per line", where);
  require(entry.is_object() && entry.contains("path") && entry["path"].is_string(),
          "{}: expected an object with 'path' and 'caption', both texts", where);
  const fs::path path = entry["path"].get<std::string>();
  SourceItem item{
      path.generic_string(), manifest.parent_path() / path, "", MediaKind::kVideo, {}, {}};
  try {
    item.part = parse_part(entry, item.path);
    if (!item.part.member.empty()) item.id += "/" + item.part.member;
    item.id = entry.value("id", item.id);
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("{}: {}", where, error.what()));
  }
  if (entry.contains("caption") && entry["caption"].is_string()) {
    item.caption = tidy_caption(entry["caption"].get<std::string>());
  }
  const fs::path name = item.part.member.empty() ? path : fs::path(item.part.member);
  item.kind = media_kind(name).value_or(MediaKind::kVideo);
  return item;
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
      item.problem = UnusedClip{item.id, "listed twice",
                                fmt::format("in line {} and in line {}", earlier->second, number),
                                "keep one line for each clip"};
    }
    items.push_back(std::move(item));
  }
  return items;
}

// What a hash must see of a part; nothing for a whole file.
std::string part_text(const VideoPart& part) {
  std::string text;
  if (!part.member.empty()) text += "\t" + part.member;
  if (part.start_s != 0 || part.end_s) {
    text += fmt::format("\t{}-{}", part.start_s, part.end_s.value_or(-1));
  }
  if (part.crop) {
    text += fmt::format("\t{},{},{},{}", part.crop->x, part.crop->y, part.crop->width,
                        part.crop->height);
  }
  return text;
}

}  // namespace

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

std::vector<SourceItem> list_sources(const fs::path& source, const std::string& only) {
  require(fs::exists(source), "source: {} does not exist", source.string());
  auto items = fs::is_directory(source) ? list_folder(source) : list_manifest(source);
  if (only != "all") {
    const MediaKind kept = only == "images" ? MediaKind::kImage : MediaKind::kVideo;
    std::erase_if(items, [&](const SourceItem& item) { return item.kind != kept; });
  }
  require(!items.empty(),
          "source: {} lists no {}; expected files of a known type ({}), each with its caption in a "
          ".txt file of the same name, or a JSONL file with path and caption",
          source.string(), only == "all" ? "clips" : only, kKnownTypes);
  std::stable_sort(items.begin(), items.end(),
                   [](const SourceItem& a, const SourceItem& b) { return a.id < b.id; });
  return items;
}

void check_usable(const SourceItem& item, bool needs_caption) {
  if (item.problem) {
    throw UnusableClip(item.problem->reason, item.problem->detail, item.problem->remedy);
  }
  if (needs_caption && item.caption.empty()) {
    throw UnusableClip("caption missing", "no words in its .txt file or manifest line",
                       "write one sentence of what it shows");
  }
}

std::string hash_sources(const std::vector<SourceItem>& items, ProgressSink& progress) {
  Hasher hasher;
  std::map<fs::path, std::string> contents;  // many shots may lie in one file
  progress.begin("hashing sources", static_cast<int64_t>(items.size()), "files");
  for (const SourceItem& item : items) {
    auto [found, is_new] = contents.emplace(item.path, "missing");
    if (is_new && fs::is_regular_file(item.path)) found->second = hash_file(item.path);
    hasher.add(item.id + "\t" + item.caption + "\t" + found->second + part_text(item.part) + "\n");
    progress.advance();
  }
  progress.end();
  return hasher.hex();
}

}  // namespace sana::data
