#include "data/source/sidecar.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "core/signals.h"
#include "core/text.h"
#include "data/source/caption_text.h"
#include "media/bytes/shard.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMostTextBytes = int64_t(1) << 20;
constexpr int64_t kMostJsonBytes = int64_t(16) << 20;
// Of all captions of a shard together; more are no captions.
constexpr size_t kMostShardBytes = size_t(256) << 20;
// As many folders as a list goes back and forth between.
constexpr size_t kGroupsKept = 4;

enum class SidecarKind { kText, kJson };

std::optional<SidecarKind> sidecar_kind(const fs::path& name) {
  const std::string ending = lower_ending(name);
  if (ending == ".txt") return SidecarKind::kText;
  if (ending == ".json") return SidecarKind::kJson;
  return std::nullopt;
}

std::string without_ending(const fs::path& name) {
  return fs::path(name).replace_extension().generic_string();
}

// Of names that differ in case only the one in small letters counts, else the first of all.
bool is_before(const std::string& name, const std::string& other) {
  const bool is_small =
      fs::path(name).extension() == ".txt" || fs::path(name).extension() == ".json";
  const bool other_is_small =
      fs::path(other).extension() == ".txt" || fs::path(other).extension() == ".json";
  return is_small != other_is_small ? is_small : name < other;
}

void add_caption(const std::string& source, const std::string& text, Sidecar& sidecar) {
  require(int64_t(text.size()) <= kMostTextBytes,
          "the caption of {} has {} bytes, expected at most {}", source, text.size(),
          kMostTextBytes);
  std::string tidied = tidy_caption(text);
  if (!tidied.empty()) sidecar.captions[source] = std::move(tidied);
}

// The first text of a clip's own .json; empty: none.
std::string prompt_in(const nlohmann::json& json) {
  if (!json.is_object()) return "";
  for (const char* name : {"prompt", "caption", "text"}) {
    const auto found = json.find(name);
    if (found != json.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

nlohmann::json parsed(const std::string& text, const std::string& what) {
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  require(!json.is_discarded(), "{} is not valid JSON", what);
  return json;
}

// What is wrong with one caption file is no reason to stop: it is told with its clip.
template <class Body>
void note_problem(std::string& problem, Body&& body) {
  try {
    body();
  } catch (const UserError& error) {
    problem = valid_utf8(error.what());
  }
}

// The caption of a member of a shard.
std::string caption_in(SidecarKind kind, const std::string& bytes, const std::string& what) {
  const std::string text = decode_text(bytes, what);
  const std::string caption = kind == SidecarKind::kText ? text : prompt_in(parsed(text, what));
  require(int64_t(caption.size()) <= kMostTextBytes,
          "{}: the caption has {} bytes, expected at most {}", what, caption.size(),
          kMostTextBytes);
  return tidy_caption(caption);
}

}  // namespace

std::vector<std::string> keys_in_shard(const std::string& member) {
  const fs::path path = fs::path(member).lexically_normal();
  const std::string name = path.filename().string();
  std::vector<std::string> keys = {fs::path(path).replace_extension().generic_string()};
  // From the second character on: a dot at the beginning parts nothing.
  const size_t dot = name.find('.', 1);
  const std::string first = (path.parent_path() / name.substr(0, dot)).generic_string();
  if (first != keys[0]) keys.push_back(first);
  return keys;
}

nlohmann::json sidecar_value(const nlohmann::json& entry, const std::string& name, bool is_text) {
  const auto fits = [&](const nlohmann::json& value) {
    return is_text ? value.is_string() : value.is_number();
  };
  if (fits(entry)) return entry;
  if (!entry.is_object()) return nullptr;
  const std::string bare = name.starts_with("_") ? name.substr(1) : name;
  for (const std::string& field : {name, bare}) {
    const auto found = entry.find(field);
    if (found != entry.end() && fits(*found)) return *found;
  }
  nlohmann::json only;
  for (const auto& [field, value] : entry.items()) {
    if (!fits(value)) continue;
    if (!only.is_null()) return nullptr;
    only = value;
  }
  return only;
}

SidecarReader::SidecarReader(std::vector<std::string> score_names,
                             std::vector<std::string> caption_names)
    : score_names_(std::move(score_names)), caption_names_(std::move(caption_names)) {}

SidecarReader::Files SidecarReader::read_files(const std::string& stem) const {
  Files files;
  for (const auto* names : {&score_names_, &caption_names_}) {
    for (const std::string& name : *names) {
      const fs::path file = stem + name + ".json";
      std::error_code ignored;
      if (!fs::exists(file, ignored)) continue;
      files[name] = read_json_file(file);
      require(files[name].is_object(), "{}: expected a JSON object with a value for each key",
              file.string());
    }
  }
  return files;
}

template <class Open>
const SidecarReader::Group& SidecarReader::group_of(const fs::path& path, const Open& open) {
  const auto known = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const Group& group) { return group.path == path.native(); });
  if (known != groups_.end()) {
    std::rotate(groups_.begin(), known, known + 1);
    return groups_.front();
  }
  Group group;
  group.path = path.native();
  open(group);
  if (groups_.size() == kGroupsKept) groups_.pop_back();
  groups_.insert(groups_.begin(), std::move(group));
  return groups_.front();
}

void SidecarReader::open_shard(Group& group) const {
  group.files = read_files(media::shard_stem(group.path).string());
  size_t held = 0;
  const auto is_wanted = [](const std::string& name) { return sidecar_kind(name).has_value(); };
  media::read_shard(
      group.path, kMostJsonBytes, is_wanted,
      [&](const media::ShardEntry& entry, const std::string& bytes) {
        const SidecarKind kind = *sidecar_kind(entry.name);
        OwnText own{entry.name, std::nullopt, ""};
        const std::string what =
            fmt::format("'{}' in {}", valid_utf8(entry.name), valid_utf8(group.path));
        note_problem(own.problem, [&] {
          if (entry.problem) throw UserError(what + ": " + entry.problem->detail);
          const int64_t most = kind == SidecarKind::kText ? kMostTextBytes : kMostJsonBytes;
          require(int64_t(bytes.size()) <= most, "{} has {} bytes, expected at most {}", what,
                  bytes.size(), most);
          own.caption = caption_in(kind, bytes, what);
          held += own.caption->size();
          if (held <= kMostShardBytes) return;
          own.caption.reset();
          throw UserError(fmt::format("{}: the captions of this shard have more than {} MiB", what,
                                      kMostShardBytes >> 20));
        });
        auto& texts = kind == SidecarKind::kText ? group.texts : group.jsons;
        const auto [place, is_new] =
            texts.try_emplace(without_ending(fs::path(entry.name).lexically_normal()), own);
        if (!is_new && is_before(own.name, place->second.name)) place->second = std::move(own);
      });
}

void SidecarReader::open_folder(Group& group) const {
  const fs::path folder = group.path.empty() ? "." : group.path;
  group.files = read_files((fs::path(group.path) / "").string());
  std::error_code error;  // what cannot be listed holds no clips either, and that is told
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    throw_if_stopped();
    const std::string name = it->path().filename().string();
    const auto kind = sidecar_kind(name);
    if (!kind) continue;
    auto& texts = kind == SidecarKind::kText ? group.texts : group.jsons;
    const auto [place, is_new] =
        texts.try_emplace(without_ending(name), OwnText{name, std::nullopt, ""});
    if (!is_new && is_before(name, place->second.name)) place->second.name = name;
  }
}

void SidecarReader::take_values(const Group& group, const std::vector<std::string>& keys,
                                Sidecar& sidecar) const {
  for (const auto& [name, file] : group.files) {
    auto entry = file.end();
    for (const std::string& key : keys) {
      if (entry == file.end()) entry = file.find(key);
    }
    if (entry == file.end()) continue;
    const auto number = sidecar_value(*entry, name, /*is_text=*/false);
    const auto text = sidecar_value(*entry, name, /*is_text=*/true);
    const auto is_one_of = [&name = name](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (is_one_of(score_names_) && number.is_number()) sidecar.scores[name] = number;
    if (is_one_of(caption_names_) && text.is_string()) {
      note_problem(sidecar.problem, [&] { add_caption(name, text, sidecar); });
    }
  }
}

void SidecarReader::read_member(const Group& shard, const std::string& member,
                                Sidecar& sidecar) const {
  const auto keys = keys_in_shard(member);
  const auto take = [&](const std::map<std::string, OwnText>& texts, const std::string& source) {
    for (const std::string& key : keys) {
      const auto found = texts.find(key);
      if (found == texts.end() || sidecar.captions.count(source) != 0) continue;
      const OwnText& own = found->second;
      if (!own.problem.empty()) sidecar.problem = own.problem;
      if (own.caption && !own.caption->empty()) sidecar.captions[source] = *own.caption;
    }
  };
  take(shard.texts, "txt");
  take(shard.jsons, "prompt");
  take_values(shard, keys, sidecar);
}

void SidecarReader::read_beside(const Group& folder, const fs::path& path, Sidecar& sidecar) const {
  const std::string stem = path.stem().string();
  if (const auto text = folder.texts.find(stem); text != folder.texts.end()) {
    const fs::path file = path.parent_path() / text->second.name;
    note_problem(sidecar.problem,
                 [&] { add_caption("txt", read_user_text(file, kMostTextBytes), sidecar); });
  }
  if (const auto json = folder.jsons.find(stem); json != folder.jsons.end()) {
    const fs::path file = path.parent_path() / json->second.name;
    note_problem(sidecar.problem, [&] {
      add_caption("prompt", prompt_in(read_json_file(file, kMostJsonBytes)), sidecar);
    });
  }
  take_values(folder, {stem}, sidecar);
}

Sidecar SidecarReader::read(const fs::path& path, const std::string& member) {
  Sidecar sidecar;
  if (member.empty()) {
    const Group& folder =
        group_of(path.parent_path(), [this](Group& group) { open_folder(group); });
    read_beside(folder, path, sidecar);
  } else {
    const Group& shard = group_of(path, [this](Group& group) { open_shard(group); });
    read_member(shard, member, sidecar);
  }
  return sidecar;
}

}  // namespace sana::data
