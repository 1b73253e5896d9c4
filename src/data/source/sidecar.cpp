#include "data/source/sidecar.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "core/text.h"
#include "data/source/caption_text.h"
#include "media/bytes/shard.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

// The names that a sidecar may have; some programs write them in capitals.
constexpr std::array kTextEndings = {".txt", ".TXT", ".Txt"};
constexpr std::array kJsonEndings = {".json", ".JSON", ".Json"};

void add_caption(const std::string& source, const std::string& text, Sidecar& sidecar) {
  std::string tidied = tidy_caption(text);
  if (!tidied.empty()) sidecar.captions[source] = std::move(tidied);
}

// The first text of a clip's own .json.
void add_prompt(const nlohmann::json& json, Sidecar& sidecar) {
  if (!json.is_object()) return;
  for (const char* name : {"prompt", "caption", "text"}) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) continue;
    add_caption("prompt", found->get<std::string>(), sidecar);
    return;
  }
}

// What is wrong with one caption file is no reason to stop: it is told with its clip.
template <class Body>
void note_problem(Sidecar& sidecar, Body&& body) {
  try {
    body();
  } catch (const UserError& error) {
    sidecar.problem = valid_utf8(error.what());
  }
}

}  // namespace

std::vector<std::string> keys_in_shard(const std::string& member) {
  const fs::path path = member;
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
      if (!fs::exists(file)) continue;
      files[name] = read_json_file(file);
      require(files[name].is_object(), "{}: expected a JSON object with a value for each key",
              file.string());
    }
  }
  return files;
}

void SidecarReader::open_shard(const fs::path& shard) {
  if (present_ == shard.string()) return;
  present_.clear();
  files_ = read_files(media::shard_stem(shard).string());
  entries_.clear();
  media::read_shard(
      shard,
      [](const std::string& name) {
        const std::string extension = fs::path(name).extension().string();
        const auto is_it = [&](const char* ending) { return extension == ending; };
        return std::any_of(kJsonEndings.begin(), kJsonEndings.end(), is_it) ||
               std::any_of(kTextEndings.begin(), kTextEndings.end(), is_it);
      },
      [&](const std::string& name, std::string bytes) {
        entries_.emplace(name, std::move(bytes));
      });
  present_ = shard.string();
}

void SidecarReader::open_folder(const fs::path& folder) {
  if (present_ == folder.string()) return;
  present_.clear();
  files_ = read_files((folder / "").string());
  entries_.clear();
  present_ = folder.string();
}

void SidecarReader::take_values(const std::vector<std::string>& keys, Sidecar& sidecar) const {
  for (const auto& [name, file] : files_) {
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
    if (is_one_of(caption_names_) && text.is_string()) add_caption(name, text, sidecar);
  }
}

void SidecarReader::read_member(const std::string& member, Sidecar& sidecar) const {
  const auto keys = keys_in_shard(member);
  for (const std::string& key : keys) {
    for (const char* ending : kTextEndings) {
      const auto text = entries_.find(key + ending);
      if (text == entries_.end() || sidecar.captions.count("txt") != 0) continue;
      note_problem(sidecar, [&] {
        add_caption("txt", decode_text(text->second, named(text->first)), sidecar);
      });
    }
    for (const char* ending : kJsonEndings) {
      const auto json = entries_.find(key + ending);
      if (json == entries_.end() || sidecar.captions.count("prompt") != 0) continue;
      note_problem(sidecar, [&] {
        const std::string text = decode_text(json->second, named(json->first));
        const auto parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
        require(!parsed.is_discarded(), "{} is not valid JSON", named(json->first));
        add_prompt(parsed, sidecar);
      });
    }
  }
  take_values(keys, sidecar);
}

std::string SidecarReader::named(const std::string& member) const {
  return fmt::format("'{}' in {}", valid_utf8(member), valid_utf8(present_));
}

void SidecarReader::read_beside(const fs::path& path, Sidecar& sidecar) const {
  for (const char* ending : kTextEndings) {
    const fs::path text = fs::path(path).replace_extension(ending);
    if (!fs::exists(text) || sidecar.captions.count("txt") != 0) continue;
    note_problem(sidecar,
                 [&] { add_caption("txt", read_user_text(text, kMaxCaptionBytes), sidecar); });
  }
  for (const char* ending : kJsonEndings) {
    const fs::path json = fs::path(path).replace_extension(ending);
    if (!fs::exists(json) || sidecar.captions.count("prompt") != 0) continue;
    note_problem(sidecar, [&] { add_prompt(read_json_file(json, kMaxCaptionBytes), sidecar); });
  }
  take_values({path.stem().string()}, sidecar);
}

Sidecar SidecarReader::read(const fs::path& path, const std::string& member) {
  Sidecar sidecar;
  if (member.empty()) {
    open_folder(path.parent_path());
    read_beside(path, sidecar);
  } else {
    open_shard(path);
    read_member(member, sidecar);
  }
  return sidecar;
}

}  // namespace sana::data
