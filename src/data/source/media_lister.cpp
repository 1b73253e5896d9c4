#include "data/source/media_lister.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "data/source/caption_text.h"
#include "data/source/manifest_line.h"
#include "media/bytes/shard.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

// "." and ".." are ways and not names.
bool is_hidden(const fs::path& relative) {
  return std::any_of(relative.begin(), relative.end(), [](const fs::path& part) {
    return part.native().starts_with(".") && part != "." && part != "..";
  });
}

// What is below a folder, relative to it and without hidden entries.
struct Listing {
  std::vector<fs::path> files;
  std::vector<std::pair<fs::path, media::UnusedClip>> problems;
};

using Identity = std::pair<dev_t, ino_t>;

Identity identity_of(const fs::path& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 ? Identity(status.st_dev, status.st_ino) : Identity();
}

// `above`: the folders on the way, since links may lead back to them. An entry that cannot be looked
// at is a problem of its own and stops nothing.
void list_below(const fs::path& root, const fs::path& relative, std::set<Identity> above,
                Listing& listing) {
  const Identity own = identity_of(root / relative);
  if (!above.insert(own).second) {
    listing.problems.push_back({relative,
                                {"", "folder within itself",
                                 "a link leads back to a folder above it", "remove the link"}});
    return;
  }
  std::error_code error;
  fs::directory_iterator it(root / relative, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    const fs::path name = it->path().filename(), entry = relative / name;
    if (is_hidden(name)) continue;
    std::error_code unknown;
    const fs::file_status status = fs::status(it->path(), unknown);
    if (fs::is_directory(status)) {
      list_below(root, entry, above, listing);
    } else if (fs::is_regular_file(status)) {
      listing.files.push_back(entry);
    } else if (!fs::exists(status) && (media_kind(name) || media::is_shard(name))) {
      listing.problems.push_back(
          {entry,
           {"", "cannot be read", unknown ? unknown.message() : "the link leads to nothing",
            "mend or remove the link"}});
    }
  }
  if (!error) return;
  listing.problems.push_back({relative,
                              {"", "folder cannot be listed", error.message(),
                               "correct its permissions, or move it out of the source"}});
}

Listing files_below(const fs::path& folder, const std::string& key) {
  std::error_code error;
  fs::directory_iterator top(folder, error);
  require(!error, "{}: {} cannot be listed: {}", key, folder.string(), error.message());
  Listing listing;
  list_below(folder, "", {}, listing);
  // Folder by folder, so that the caption files of each are read once.
  std::sort(listing.files.begin(), listing.files.end(), [](const fs::path& a, const fs::path& b) {
    return std::make_pair(a.parent_path(), a.filename()) <
           std::make_pair(b.parent_path(), b.filename());
  });
  return listing;
}

bool is_caption_name(const fs::path& name) {
  std::string ending = name.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  return ending == ".txt";
}

fs::path without_extension(fs::path path) { return path.replace_extension(); }

// A caption whose clip has another type or is gone: said, not passed over.
media::UnusedClip lone_caption() {
  return {"", "caption without clip", "no clip of this name has a known type",
          fmt::format("known types are {}", kKnownTypes)};
}

SourceItem item_of(const std::string& id, Place place, MediaKind kind) {
  SourceItem item;
  item.id = id;
  item.place = std::move(place);
  item.kind = kind;
  return item;
}

Place member_place(const fs::path& shard, const media::ShardEntry& entry) {
  Place place = Place::whole(shard);
  place.member = entry.name;
  place.position = entry.position;
  return place;
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

// Of the members that lines name.
class PositionFinder {
 public:
  void find(Place& place) {
    if (place.member.empty()) return;
    const auto [shard, is_new] = shards_.try_emplace(place.path);
    if (is_new) shard->second = positions_in(place.path);
    const auto found = shard->second.find(place.member);
    if (found != shard->second.end()) place.position = found->second;
  }

 private:
  std::map<fs::path, Positions> shards_;
};

// What a line of a list of files names; "" for an empty line.
std::string path_in(std::string line, const std::string& where) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  if (!line.starts_with("{")) return line;
  const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  require(entry.is_object() && entry.contains("path") && entry["path"].is_string(),
          "{}: expected a path, or a JSON object with 'path'", where);
  return entry["path"].get<std::string>();
}

}  // namespace

MediaLister::MediaLister(ListOptions options, ProgressSink* progress)
    : options_(std::move(options)),
      progress_(progress),
      sidecars_({}, options_.captions.value_or(std::vector<std::string>{})),
      caption_sources_({"txt", "prompt"}) {
  if (!options_.captions) return;
  caption_sources_.insert(caption_sources_.end(), options_.captions->begin(),
                          options_.captions->end());
}

void MediaLister::add_source(const fs::path& source, const std::string& prefix) {
  require(fs::exists(source), "{}: {} does not exist", options_.key, source.string());
  const std::string id = prefix + source.filename().string();
  if (fs::is_directory(source)) {
    add_folder(source, prefix);
  } else if (media::is_shard(source)) {
    add_shard(source, id);
  } else if (options_.lines == ListLines::kClips) {
    add_clip_list(source, prefix);
  } else if (media_kind(source) == MediaKind::kVideo) {
    add(item_of(id, Place::whole(source), MediaKind::kVideo));
  } else {
    add_file_list(source, prefix);
  }
}

void MediaLister::add_folder(const fs::path& folder, const std::string& prefix) {
  const Listing listing = files_below(folder, options_.key);
  const std::vector<fs::path>& files = listing.files;
  for (const auto& [path, problem] : listing.problems) {
    const std::string id = prefix + path.generic_string();
    if (options_.lists_problems) {
      add_problem(id, Place::whole(folder / path), problem);
    } else {
      log::warning("{}: {}: {} ({}); passed over", options_.key, valid_utf8(id), problem.reason,
                   problem.detail);
    }
  }
  std::set<fs::path> stems;
  for (const fs::path& file : files) {
    if (media_kind(file)) stems.insert(without_extension(file));
    if (const auto kind = wanted_kind(file)) {
      add_media(item_of(prefix + file.generic_string(), Place::whole(folder / file), *kind));
    }
  }
  for (const fs::path& file : files) {
    if (!options_.captions || !is_caption_name(file)) continue;
    if (stems.count(without_extension(file)) != 0) continue;
    add_problem(prefix + file.generic_string(), Place::whole(folder / file), lone_caption());
  }
  for (const fs::path& file : files) {
    if (media::is_shard(file)) add_shard(folder / file, prefix + file.generic_string());
  }
}

void MediaLister::add_shard(const fs::path& shard, const std::string& id) {
  const size_t before = items_.size();
  try {
    add_members(shard, id);
  } catch (const media::UnreadableShard& error) {
    if (!options_.lists_problems) throw;
    items_.resize(before);
    add_problem(id, Place::whole(shard),
                {"", "damaged shard", error.what(), "copy the shard again"});
    return;
  }
  if (!options_.lists_problems || items_.size() > before) return;
  add_problem(
      id, Place::whole(shard),
      {"", "no clip in the shard", "nothing in it has a known type",
       fmt::format("known types are {}; remove the shard if it holds others", kKnownTypes)});
}

void MediaLister::add_members(const fs::path& shard, const std::string& id) {
  std::map<std::string, int64_t> counts;
  std::set<std::string> keys;
  auto entries = media::list_shard(shard);
  if (!options_.hidden_members) {
    std::erase_if(entries, [](const media::ShardEntry& entry) { return is_hidden(entry.name); });
  }
  for (const media::ShardEntry& entry : entries) {
    const auto kind = wanted_kind(entry.name);
    if (!kind) continue;
    for (const std::string& key : keys_in_shard(entry.name)) keys.insert(key);
    const std::string name = fs::path(entry.name).lexically_normal().generic_string();
    SourceItem item = item_of(fmt::format("{}/{}", id, name), member_place(shard, entry), *kind);
    const int64_t count = ++counts[name];
    if (count == 1 || !options_.lists_problems) {
      add_media(std::move(item));
      continue;
    }
    add_problem(fmt::format("{} (number {})", item.id, count), item.place,
                {"", "listed twice", "the shard has several files of this name",
                 "give each a name of its own"});
    items_.back().kind = *kind;
  }
  for (const media::ShardEntry& entry : entries) {
    const fs::path name = entry.name;
    if (!options_.captions || !is_caption_name(name)) continue;
    if (keys.count(without_extension(name).generic_string()) != 0) continue;
    Place place = Place::whole(shard);
    place.member = entry.name;
    add_problem(fmt::format("{}/{}", id, entry.name), place, lone_caption());
  }
}

void MediaLister::add_clip_list(const fs::path& list, const std::string& prefix) {
  std::map<std::string, int64_t> numbers;
  PositionFinder positions;
  read_manifest(list, [&](ManifestLine line, int64_t number) {
    SourceItem item;
    item.id = prefix + line.id;
    item.place = std::move(line.place);
    positions.find(item.place);
    item.caption = tidy_caption(line.caption);
    item.kind = media_kind(item.place.name()).value_or(MediaKind::kVideo);
    item.weight = line.weight;
    const auto [earlier, is_new] = numbers.emplace(item.id, number);
    if (!is_new) {
      item.id = fmt::format("{} (line {})", item.id, number);  // so that it is counted, too
      item.problem =
          media::UnusedClip{item.id, "listed twice",
                            fmt::format("in line {} and in line {}", earlier->second, number),
                            "keep one line for each clip"};
    }
    add(std::move(item));
  });
}

void MediaLister::add_file_list(const fs::path& list, const std::string& prefix) {
  std::ifstream file(list);
  require(file.good(), "{}: {} cannot be read", options_.key, list.string());
  std::string line;
  for (int64_t number = 1; std::getline(file, line); ++number) {
    const std::string listed =
        path_in(line, fmt::format("{}: {}:{}", options_.key, list.string(), number));
    if (listed.empty()) continue;
    const fs::path path = list.parent_path() / listed;
    if (media::is_shard(path)) {
      add_shard(path, prefix + listed);
    } else {
      add(item_of(prefix + listed, Place::whole(path), MediaKind::kVideo));
    }
  }
}

std::optional<MediaKind> MediaLister::wanted_kind(const fs::path& name) const {
  const auto kind = media_kind(name);
  return kind == MediaKind::kImage && !options_.images ? std::nullopt : kind;
}

void MediaLister::add_media(SourceItem item) {
  if (options_.captions) {
    const Sidecar sidecar = sidecars_.read(item.place.path, item.place.member);
    for (const std::string& source : caption_sources_) {
      const auto caption = sidecar.captions.find(source);
      if (item.caption.empty() && caption != sidecar.captions.end()) item.caption = caption->second;
    }
    if (item.caption.empty() && !sidecar.problem.empty()) {
      item.problem = media::UnusedClip{item.id, "caption cannot be read", sidecar.problem,
                                       "mend the file, or write the caption as a .txt"};
    }
  }
  add(std::move(item));
}

void MediaLister::add(SourceItem item) {
  items_.push_back(std::move(item));
  if (progress_ != nullptr) progress_->advance();
}

void MediaLister::add_problem(const std::string& id, Place place,
                              const media::UnusedClip& problem) {
  SourceItem item = item_of(id, std::move(place), MediaKind::kVideo);
  item.problem = problem;
  item.problem->id = id;
  add(std::move(item));
}

}  // namespace sana::data
