#include "data/source/media_lister.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/signals.h"
#include "core/text.h"
#include "core/text_lines.h"
#include "data/source/caption_text.h"
#include "data/source/folder_walk.h"
#include "data/source/manifest_line.h"
#include "media/bytes/shard.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

bool is_caption_name(const fs::path& name) { return lower_ending(name) == ".txt"; }

std::string without_extension(fs::path path) { return path.replace_extension().generic_string(); }

// A caption whose clip has another type or is gone: said, not passed over.
media::UnusedClip lone_caption() {
  return {"", "caption without clip", "no clip of this name has a known type",
          fmt::format("known types are {}", kKnownTypes)};
}

media::UnusedClip foreign_type(const fs::path& name) {
  return {"", "type not taken", fmt::format("{} files are not read", name.extension().string()),
          fmt::format("convert it; known types are {}", kKnownTypes)};
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

// As ids have it: "./a/b.mp4" is "a/b.mp4".
std::string member_id(const std::string& name) {
  return path_as_text(fs::path(name).lexically_normal());
}

// Where each member begins. A shard that cannot be read has none: reading gives the reason.
using Members = std::map<std::string, media::ShardEntry>;

Members members_of(const fs::path& shard, int64_t max_bytes) {
  Members members;
  try {
    for (media::ShardEntry& entry : media::list_shard(shard, max_bytes).entries) {
      std::string name = entry.name;
      members.emplace(std::move(name), std::move(entry));
    }
  } catch (const media::UnreadableShard&) {
  }
  return members;
}

// Of the members that lines name.
class MemberFinder {
 public:
  explicit MemberFinder(int64_t max_bytes) : max_bytes_(max_bytes) {}

  void find(SourceItem& item) {
    Place& place = item.place;
    if (place.member.empty()) return;
    const auto [shard, is_new] = shards_.try_emplace(place.path);
    if (is_new) shard->second = members_of(place.path, max_bytes_);
    const auto found = shard->second.find(place.member);
    if (found == shard->second.end()) return;
    place.position = found->second.position;
    item.problem = found->second.problem;
  }

 private:
  int64_t max_bytes_;
  std::map<fs::path, Members> shards_;
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
  std::error_code error;
  const fs::file_status status = fs::status(source, error);
  require(status.type() != fs::file_type::not_found, "{}: {} does not exist", options_.key,
          source.string());
  require(fs::status_known(status), "{}: {} cannot be read: {}", options_.key, source.string(),
          error.message());
  const std::string id = prefix + path_as_text(source.filename());
  const std::string foreign = media::foreign_archive_ending(source);
  if (fs::is_directory(status)) {
    add_folder(source, prefix);
  } else if (media::is_shard(source)) {
    add_shard(source, id);
  } else if (!foreign.empty()) {
    throw UserError(fmt::format("{}: {}: {} archives are not read: {}", options_.key,
                                source.string(), foreign, media::kRepack));
  } else if (foreign_media_kind(source)) {
    const media::UnusedClip problem = foreign_type(source);
    throw UserError(fmt::format("{}: {}: {}: {}", options_.key, source.string(), problem.detail,
                                problem.remedy));
  } else if (const auto kind = wanted_kind(source)) {
    add_media(item_of(id, Place::whole(source), *kind));
  } else if (options_.lines == ListLines::kClips) {
    add_clip_list(source, prefix);
  } else {
    add_file_list(source, prefix);
  }
}

void MediaLister::add_folder(const fs::path& folder, const std::string& prefix) {
  const FolderListing listing = walk_folder(folder, options_.key);
  for (const auto& [path, problem] : listing.problems) {
    add_problem(prefix + (path.empty() ? "." : path_as_text(path)), Place::whole(folder / path),
                problem);
  }
  std::set<std::string> stems;
  for (const fs::path& file : listing.files) {
    if (media_kind(file) || foreign_media_kind(file)) stems.insert(without_extension(file));
    if (const auto kind = wanted_kind(file)) {
      add_media(item_of(prefix + path_as_text(file), Place::whole(folder / file), *kind));
    }
  }
  for (const fs::path& file : listing.files) {
    add_unclaimed(prefix + path_as_text(file), Place::whole(folder / file), stems,
                  without_extension(file));
  }
  for (const fs::path& file : listing.files) {
    const std::string id = prefix + path_as_text(file);
    if (media::is_shard(file)) add_shard(folder / file, id);
    if (!media::foreign_archive_ending(file).empty()) add_foreign_archive(id, folder / file);
  }
}

void MediaLister::add_unclaimed(const std::string& id, Place place,
                                const std::set<std::string>& stems, const std::string& stem) {
  const fs::path name = place.name();
  const auto foreign = foreign_media_kind(name);
  if (foreign && (options_.images || *foreign == MediaKind::kVideo)) {
    add_problem(id, std::move(place), foreign_type(name), *foreign);
  } else if (options_.captions && is_caption_name(name) && stems.count(stem) == 0) {
    add_problem(id, std::move(place), lone_caption());
  }
}

void MediaLister::add_foreign_archive(const std::string& id, const fs::path& archive) {
  add_problem(id, Place::whole(archive),
              {"", "archive of another kind",
               fmt::format("{} archives are not read", media::foreign_archive_ending(archive)),
               media::kRepack});
}

void MediaLister::add_shard(const fs::path& shard, const std::string& id) {
  const size_t before = items_.size();
  try {
    add_members(shard, id);
  } catch (const media::UnreadableShard& error) {
    add_problem(id, Place::whole(shard),
                {"", "damaged shard", valid_utf8(error.what()), "copy the shard again"});
  }
  if (items_.size() > before) return;
  add_problem(
      id, Place::whole(shard),
      {"", "no clip in the shard", "nothing in it has a known type",
       fmt::format("known types are {}; remove the shard if it holds others", kKnownTypes)});
}

void MediaLister::add_members(const fs::path& shard, const std::string& id) {
  media::ShardListing listing = media::list_shard(shard, options_.max_member_mib << 20);
  std::erase_if(listing.entries,
                [](const media::ShardEntry& entry) { return is_hidden(entry.name); });
  std::set<std::string> keys;
  for (const media::ShardEntry& entry : listing.entries) {
    // A link without an ending may stand for a folder of clips.
    const bool is_missed = entry.problem && !fs::path(entry.name).has_extension();
    const auto kind = is_missed ? MediaKind::kVideo : wanted_kind(entry.name);
    if (media_kind(entry.name) || foreign_media_kind(entry.name)) {
      for (const std::string& key : keys_in_shard(entry.name)) keys.insert(key);
    }
    if (!kind) continue;
    const std::string name = fmt::format("{}/{}", id, member_id(entry.name));
    if (entry.problem) {
      add_problem(name, member_place(shard, entry), *entry.problem, *kind);
    } else {
      add_media(item_of(name, member_place(shard, entry), *kind));
    }
  }
  for (const media::ShardEntry& entry : listing.entries) {
    add_unclaimed(fmt::format("{}/{}", id, member_id(entry.name)), member_place(shard, entry), keys,
                  without_extension(fs::path(entry.name).lexically_normal()));
  }
  if (listing.problem) add_problem(id, Place::whole(shard), *listing.problem);
}

void MediaLister::add_clip_list(const fs::path& list, const std::string& prefix) {
  std::map<std::string, int64_t> numbers;
  MemberFinder members(options_.max_member_mib << 20);
  read_manifest(list, [&](ManifestLine line, int64_t number) {
    SourceItem item;
    item.id = prefix + line.id;
    item.place = std::move(line.place);
    members.find(item);
    item.caption = tidy_caption(line.caption);
    item.kind = media_kind(item.place.name()).value_or(MediaKind::kVideo);
    item.weight = line.weight;
    const int64_t earlier = numbers.emplace(item.id, number).first->second;
    add(std::move(item), {fmt::format("in line {} and in line {}", earlier, number),
                          "keep one line for each clip, or give each an `id` of its own",
                          fmt::format("line {}", number)});
  });
}

void MediaLister::add_file_list(const fs::path& list, const std::string& prefix) {
  TextLines lines(list);
  for (std::string line; lines.next(line);) {
    throw_if_stopped();
    const std::string listed =
        path_in(std::move(line), fmt::format("{}: {}", options_.key, lines.where()));
    if (listed.empty()) continue;
    const fs::path path = path_in_list(list.parent_path(), listed);
    if (media::is_shard(path)) {
      add_shard(path, prefix + listed);
    } else if (!media::foreign_archive_ending(path).empty()) {
      add_foreign_archive(prefix + listed, path);
    } else {
      add(item_of(prefix + listed, Place::whole(path), MediaKind::kVideo),
          {fmt::format("again in line {}", lines.number()), "name each video once",
           fmt::format("line {}", lines.number())});
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

void MediaLister::add(SourceItem item, const Twice& twice) {
  const int64_t number = ++ids_[item.id];
  if (number > 1) {  // it is counted, too
    const std::string name = item.id;
    item.id = fmt::format("{} ({})", name,
                          twice.suffix.empty() ? fmt::format("number {}", number) : twice.suffix);
    while (++ids_[item.id] > 1) item.id += " again";
    item.problem = media::UnusedClip{"", "listed twice", twice.detail, twice.remedy};
  }
  if (item.problem) item.problem->id = item.id;
  items_.push_back(std::move(item));
  if (progress_ != nullptr) progress_->advance();
}

void MediaLister::add_problem(const std::string& id, Place place, const media::UnusedClip& problem,
                              MediaKind kind) {
  SourceItem item = item_of(id, std::move(place), kind);
  item.problem = problem;
  add(std::move(item));
}

}  // namespace sana::data
