#include "filter/sidecar.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "data/manifest.h"
#include "data/shard.h"

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

std::string without_extension(const std::string& name) {
  return fs::path(name).replace_extension().generic_string();
}

void add_caption(const std::string& source, const std::string& text, Sidecar& sidecar) {
  std::string tidied = data::tidy_caption(text);
  if (!tidied.empty()) sidecar.captions[source] = std::move(tidied);
}

// Texts of a <key>.json, each a caption source by its own name.
void add_texts(const nlohmann::json& json, Sidecar& sidecar) {
  if (!json.is_object()) return;
  for (const char* name : {"prompt", "caption", "text"}) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) continue;
    add_caption("prompt", found->get<std::string>(), sidecar);
    return;
  }
}

}  // namespace

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

void SidecarReader::open_shard(const std::string& shard) {
  if (present_ == shard) return;
  present_ = shard;
  files_ = read_files(without_extension(shard));
  entries_.clear();
  data::read_shard(
      shard, [](const std::string& name) { return fs::path(name).extension() == ".json"; },
      [&](const std::string& name, const std::string& bytes) {
        entries_[without_extension(name)] =
            nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false);
      });
}

void SidecarReader::open_folder(const fs::path& folder) {
  if (present_ == folder.string()) return;
  present_ = folder.string();
  files_ = read_files((folder / "").string());
  entries_.clear();
}

void SidecarReader::take_values(const std::string& key, Sidecar& sidecar) const {
  for (const auto& [name, file] : files_) {
    const auto entry = file.find(key);
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

Sidecar SidecarReader::read(const VideoPlace& place) {
  Sidecar sidecar;
  if (!place.member.empty()) {
    open_shard(place.path);
    const std::string key = without_extension(place.member);
    if (const auto entry = entries_.find(key); entry != entries_.end()) {
      add_texts(entry->second, sidecar);
    }
    take_values(key, sidecar);
    return sidecar;
  }
  const fs::path path = place.path;
  open_folder(path.parent_path());
  const fs::path text = fs::path(path).replace_extension(".txt");
  if (fs::exists(text)) add_caption("txt", read_text_file(text), sidecar);
  const fs::path json = fs::path(path).replace_extension(".json");
  if (fs::exists(json)) add_texts(read_json_file(json), sidecar);
  take_values(path.stem().string(), sidecar);
  return sidecar;
}

}  // namespace sana::filter
