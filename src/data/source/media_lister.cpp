#include "data/source/media_lister.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "media/bytes/shard.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

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
  // Folder by folder, so that the caption files of each are read once.
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return std::make_pair(a.parent_path(), a.filename()) <
           std::make_pair(b.parent_path(), b.filename());
  });
  return files;
}

fs::path without_extension(fs::path path) { return path.replace_extension(); }

SourceItem item_of(const std::string& id, const fs::path& path, MediaKind kind) {
  SourceItem item;
  item.id = valid_utf8(id);
  item.place = Place::whole(path);
  item.kind = kind;
  return item;
}

SourceItem problem_of(const std::string& id, const fs::path& path, media::UnusedClip problem) {
  SourceItem item = item_of(id, path, MediaKind::kVideo);
  problem.id = item.id;
  item.problem = std::move(problem);
  return item;
}

// A caption whose clip has another type or is gone: said, not passed over.
SourceItem lone_caption(const std::string& id, const fs::path& path) {
  return problem_of(id, path,
                    {"", "caption without clip", "no clip of this name has a known type",
                     fmt::format("known types are {}", kKnownTypes)});
}

SourceItem member_of(const fs::path& shard, const std::string& id, const media::ShardEntry& entry,
                     MediaKind kind) {
  SourceItem item = item_of(fmt::format("{}/{}", id, entry.name), shard, kind);
  item.place.member = entry.name;
  item.place.position = entry.position;
  return item;
}

}  // namespace

MediaLister::MediaLister(const std::vector<std::string>& captions)
    : sidecars_({}, captions), caption_sources_({"txt", "prompt"}) {
  caption_sources_.insert(caption_sources_.end(), captions.begin(), captions.end());
}

void MediaLister::add_media(SourceItem item) {
  const Sidecar sidecar = sidecars_.read(item.place.path, item.place.member);
  for (const std::string& source : caption_sources_) {
    const auto caption = sidecar.captions.find(source);
    if (item.caption.empty() && caption != sidecar.captions.end()) item.caption = caption->second;
  }
  if (item.caption.empty() && !sidecar.problem.empty()) {
    item.problem = media::UnusedClip{item.id, "caption cannot be read", sidecar.problem,
                                     "mend the file, or write the caption as a .txt"};
  }
  items_.push_back(std::move(item));
}

void MediaLister::add_folder(const fs::path& folder) {
  const auto files = files_below(folder);
  for (const fs::path& file : files) {
    const auto kind = media_kind(file);
    if (kind) add_media(item_of(file.generic_string(), folder / file, *kind));
  }
  std::set<fs::path> stems;
  for (const fs::path& file : files) {
    if (media_kind(file)) stems.insert(without_extension(file));
  }
  for (const fs::path& file : files) {
    if (file.extension() != ".txt" || stems.count(without_extension(file)) != 0) continue;
    items_.push_back(lone_caption(file.generic_string(), folder / file));
  }
  for (const fs::path& file : files) {
    if (media::is_shard(file)) add_shard(folder / file, file.generic_string());
  }
}

void MediaLister::add_shard(const fs::path& shard, const std::string& id) {
  const size_t before = items_.size();
  try {
    add_members(shard, id);
    if (items_.size() > before) return;
    items_.push_back(problem_of(
        id, shard,
        {"", "no clip in the shard", "nothing in it has a known type",
         fmt::format("known types are {}; remove the shard if it holds others", kKnownTypes)}));
  } catch (const media::UnreadableShard& error) {
    items_.resize(before);
    items_.push_back(
        problem_of(id, shard, {"", "damaged shard", error.what(), "copy the shard again"}));
  }
}

void MediaLister::add_members(const fs::path& shard, const std::string& id) {
  std::map<std::string, int64_t> counts;
  std::set<std::string> keys;
  const auto entries = media::list_shard(shard);
  for (const media::ShardEntry& entry : entries) {
    const auto kind = media_kind(entry.name);
    if (!kind || is_hidden(entry.name)) continue;
    for (const std::string& key : keys_in_shard(entry.name)) keys.insert(key);
    SourceItem item = member_of(shard, id, entry, *kind);
    const int64_t count = ++counts[entry.name];
    if (count == 1) {
      add_media(std::move(item));
      continue;
    }
    item.id += fmt::format(" (number {})", count);
    item.problem =
        media::UnusedClip{item.id, "listed twice", "the shard has several files of this name",
                          "give each a name of its own"};
    items_.push_back(std::move(item));
  }
  for (const media::ShardEntry& entry : entries) {
    const fs::path name = entry.name;
    if (name.extension() != ".txt" || is_hidden(name)) continue;
    if (keys.count(without_extension(name).generic_string()) != 0) continue;
    items_.push_back(lone_caption(fmt::format("{}/{}", id, entry.name), shard));
    items_.back().place.member = entry.name;
  }
}

}  // namespace sana::data
