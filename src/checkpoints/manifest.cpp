#include "checkpoints/manifest.h"

#include <torch/version.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "core/json_object.h"
#include "core/path_inside.h"
#include "core/safetensors.h"
#include "core/text.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 3> kWeights = {"model.safetensors",
                                                 "model.safetensors.index.json", "vae.safetensors"};
// Files of a checkpoint folder that are read when they are there, so that a manifest must list them.
constexpr std::array<const char*, 13> kReadFiles = {"model.safetensors",
                                                    "model.safetensors.index.json",
                                                    "ema.safetensors",
                                                    "ema.safetensors.index.json",
                                                    "optimizer.safetensors",
                                                    "optimizer.safetensors.index.json",
                                                    "random.safetensors",
                                                    "vae.safetensors",
                                                    "model.json",
                                                    "vae.json",
                                                    "pipeline.json",
                                                    "config.yaml",
                                                    "trainer.json"};

// All files below a folder, relative, sorted; without the manifest.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path relative = entry.path().lexically_relative(folder);
    if (entry.is_regular_file() && relative != kManifestFile) files.push_back(relative);
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What is wrong with one file of a manifest; empty: nothing.
std::string file_problem(const fs::path& folder, const std::string& name,
                         const Manifest& manifest) {
  const auto entry = manifest.files.find(name);
  if (entry == manifest.files.end()) return "is not listed in manifest.json";
  try {
    const fs::path path = path_inside(folder, name, "its name");
    std::error_code error;
    if (!fs::exists(path, error)) return "is missing";
    if (!fs::is_regular_file(path, error)) return "is not a file";
    const uint64_t actual = fs::file_size(path);
    if (actual != entry->second.bytes) {
      return fmt::format("has {} bytes, expected {}", actual, entry->second.bytes);
    }
    return hash_file(path) == entry->second.sha1 ? "" : "has another content (hash)";
  } catch (const UserError& error) {
    return fmt::format("cannot be used: {}", error.what());
  } catch (const fs::filesystem_error& error) {
    return fmt::format("cannot be read: {}", valid_utf8(error.what()));
  }
}

// Of the files, the share of one of several that compare them.
struct Share {
  int64_t part = 0, parts = 1;
};

// What is wrong with each of the files of this share. Hashing one is bound by one core, so several
// are hashed at once, the largest first.
std::vector<std::string> file_problems(const fs::path& folder,
                                       const std::vector<std::string>& names,
                                       const Manifest& manifest, const Share& share) {
  const auto bytes = [&](size_t i) {
    const auto entry = manifest.files.find(names[i]);
    return entry == manifest.files.end() ? 0 : entry->second.bytes;
  };
  std::vector<size_t> order(names.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return bytes(a) > bytes(b); });
  std::vector<std::string> problems(names.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < order.size(); i = next++) {
      if (int64_t(i) % share.parts != share.part) continue;
      problems[order[i]] = file_problem(folder, names[order[i]], manifest);
    }
  };
  const size_t wanted = std::min<size_t>({names.size(), std::thread::hardware_concurrency(), 8});
  std::vector<std::jthread> others;
  for (size_t i = 1; i < wanted; ++i) others.emplace_back(work);
  work();
  others.clear();  // waits for them
  return problems;
}

// A line for each file of the share with which something is wrong.
std::string problem_lines(const fs::path& folder, const std::vector<std::string>& names,
                          const Manifest& manifest, const Share& share = {}) {
  std::string lines;
  const std::vector<std::string> found = file_problems(folder, names, manifest, share);
  for (size_t i = 0; i < names.size(); ++i) {
    if (!found[i].empty()) lines += fmt::format("\n  {} {}", names[i], found[i]);
  }
  return lines;
}

void require_whole(const fs::path& folder, const std::string& problems) {
  require(problems.empty(),
          "checkpoint '{}' is damaged:{}\n  Delete it and use an older one, or copy it again.",
          folder.string(), problems);
}

// The shards that an index of the checkpoint names are read, too.
std::string unlisted_shards(const fs::path& folder, const Manifest& manifest) {
  std::string lines;
  for (const char* name : kReadFiles) {
    if (!is_safetensors_index(name) || !fs::exists(folder / name)) continue;
    for (const fs::path& file : safetensors_files(folder / name)) {
      const std::string shard = path_as_text(file.filename());
      if (manifest.files.count(shard) == 0) {
        lines += fmt::format("\n  {}, which {} names, is not listed in manifest.json", shard, name);
      }
    }
  }
  return lines;
}

// Every file that the manifest lists, and those that it has to.
std::vector<std::string> names_to_check(const fs::path& folder, const Manifest& manifest) {
  std::set<std::string> names;
  for (const auto& [name, entry] : manifest.files) names.insert(name);
  for (const char* name : kReadFiles) {
    if (fs::exists(folder / name)) names.insert(name);
  }
  return {names.begin(), names.end()};
}

// The entry of a file that was hashed while it was written.
ManifestEntry known_entry(const fs::path& file, const ManifestEntry& written) {
  std::error_code error;
  const uint64_t bytes = fs::file_size(file, error);
  if (!error && bytes == written.bytes) return written;
  throw EnvironmentError(
      fmt::format("'{}' was written with {} bytes, but {}; do all processes see one file system?",
                  file.string(), written.bytes,
                  error ? "is not there: " + error.message() : fmt::format("has {}", bytes)));
}

ManifestEntry read_entry(const nlohmann::json& json, const std::string& where) {
  const JsonObject keys(json, where);
  const auto bytes = json.find("bytes");
  if (bytes == json.end() || !bytes->is_number_unsigned()) keys.refuse("bytes", "a size");
  return {bytes->get<uint64_t>(), keys.required<std::string>("sha1")};
}

// The folder of the checkpoint of this program that a file lies in; empty: none.
fs::path checkpoint_of(const fs::path& file) {
  for (const fs::path& place : {file.parent_path(), file.parent_path().parent_path()}) {
    const bool is_ours = fs::exists(place / "model.json") || fs::exists(place / "vae.json");
    if (is_ours && fs::exists(place / kManifestFile)) return place;
  }
  return {};
}

}  // namespace

void write_manifest(const fs::path& folder, const Manifest& manifest) {
  nlohmann::ordered_json json;
  json["format"] = kCheckpointFormat;
  json["step"] = manifest.step;
  json["task"] = manifest.task;
  json["versions"] = {{"sana_video", SANA_VERSION}, {"torch", TORCH_VERSION}};
  if (fs::exists(folder / "config.yaml")) {
    json["config_hash"] = hash_file(folder / "config.yaml");
  }
  std::map<std::string, ManifestEntry> entries;
  for (const auto& [name, written] : manifest.files) {
    entries[name] = known_entry(folder / path_from_text(name), written);
  }
  json["files"] = nlohmann::ordered_json::object();
  for (const fs::path& file : files_below(folder)) {
    const std::string name = path_as_text(file);
    const auto known = entries.find(name);
    const ManifestEntry entry = known != entries.end() ? known->second
                                                       : ManifestEntry{fs::file_size(folder / file),
                                                                       hash_file(folder / file)};
    json["files"][name] = {{"bytes", entry.bytes}, {"sha1", entry.sha1}};
  }
  // A network file system may list a folder as it was before another host wrote into it.
  for (const auto& [name, entry] : entries) {
    if (json["files"].contains(name)) continue;
    throw EnvironmentError(fmt::format(
        "'{}' was written, but is not listed in its folder: the file system shows an older state",
        (folder / path_from_text(name)).string()));
  }
  write_file_atomically(folder / kManifestFile, dump_json(json, 2) + "\n");
}

Manifest read_manifest(const fs::path& folder) {
  require(fs::is_directory(folder), "there is no checkpoint '{}'", folder.string());
  const fs::path file = folder / kManifestFile;
  require(fs::exists(file), "'{}' has no manifest.json, so it is not a complete checkpoint",
          folder.string());
  const nlohmann::json json = read_json_file(file, kMaxConfigBytes);
  const std::string where = fmt::format("'{}'", file.string());
  const JsonObject keys(json, where);
  const auto format = keys.required<int64_t>("format");
  require(format == kCheckpointFormat,
          "'{}' has checkpoint format {}, this program reads {}; use the program that wrote it",
          folder.string(), format, kCheckpointFormat);
  Manifest manifest;
  const auto step = json.find("step");
  if (step == json.end() || !step->is_number_integer()) keys.refuse("step", "a whole number");
  manifest.step = step->get<int64_t>();
  manifest.task = keys.required<std::string>("task");
  const auto files = json.find("files");
  if (files == json.end() || !files->is_object()) keys.refuse("files", "an object");
  for (const auto& [name, entry] : files->items()) {
    manifest.files[name] = read_entry(entry, fmt::format("{}: '{}'", where, name));
  }
  return manifest;
}

Manifest check_manifest(const fs::path& folder) {
  return check_manifest(folder, *single_process());
}

Manifest check_manifest(const fs::path& folder, Communicator& group) {
  Manifest manifest = read_manifest(folder);
  const bool has_weights = std::any_of(kWeights.begin(), kWeights.end(), [&](const char* name) {
    return manifest.files.count(name) != 0;
  });
  const std::string mine = problem_lines(folder, names_to_check(folder, manifest), manifest,
                                         {group.rank(), group.size()});
  // Somebody may have read for long.
  group.barrier("the comparison of a checkpoint", /*patient=*/true);
  std::string problems = has_weights ? "" : "\n  manifest.json lists no weights of a model";
  for (const std::string& lines : group.gather_text("damage of a checkpoint", mine)) {
    problems += lines;
  }
  require_whole(folder, problems);
  require_whole(folder, unlisted_shards(folder, manifest));
  return manifest;
}

int64_t verify_files(const std::vector<fs::path>& files) {
  std::map<fs::path, std::set<std::string>> names_of;
  for (const fs::path& given : files) {
    const fs::path file = fs::absolute(given).lexically_normal();
    const fs::path folder = checkpoint_of(file);
    if (folder.empty()) continue;
    const fs::path relative = file.lexically_relative(folder);
    if (relative != kManifestFile) names_of[folder].insert(path_as_text(relative));
  }
  int64_t count = 0;
  for (const auto& [folder, names] : names_of) {
    require_whole(folder,
                  problem_lines(folder, {names.begin(), names.end()}, read_manifest(folder)));
    count += int64_t(names.size());
  }
  return count;
}

}  // namespace sana::checkpoints
