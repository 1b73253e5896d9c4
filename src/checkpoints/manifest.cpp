#include "checkpoints/manifest.h"

#include <torch/version.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/json_file.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

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
std::string file_problem(const fs::path& path, const nlohmann::json& expected) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return "is missing";
  const auto bytes = expected.at("bytes").get<uint64_t>();
  const uint64_t actual = fs::file_size(path);
  if (actual != bytes) return fmt::format("has {} bytes, expected {}", actual, bytes);
  if (hash_file(path) != expected.at("sha1").get<std::string>())
    return "has another content (hash)";
  return "";
}

void check_files(const fs::path& folder, const nlohmann::json& manifest) {
  const int format = manifest.at("format").get<int>();
  require(format == kCheckpointFormat,
          "'{}' has checkpoint format {}, this program reads {}; use the program that wrote it",
          folder.string(), format, kCheckpointFormat);
  std::string problems;
  for (const auto& [name, expected] : manifest.at("files").items()) {
    const std::string problem = file_problem(folder / name, expected);
    if (!problem.empty()) problems += fmt::format("\n  {} {}", name, problem);
  }
  require(
      problems.empty(),
      "checkpoint '{}' is damaged:{}\n  Delete it and resume from an older one, or copy it again.",
      folder.string(), problems);
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
  json["files"] = nlohmann::ordered_json::object();
  for (const fs::path& file : files_below(folder)) {
    json["files"][file.generic_string()] = {{"bytes", fs::file_size(folder / file)},
                                            {"sha1", hash_file(folder / file)}};
  }
  write_file_atomically(folder / kManifestFile, dump_json(json, 2) + "\n");
}

Manifest check_manifest(const fs::path& folder) {
  require(fs::is_directory(folder), "there is no checkpoint '{}'", folder.string());
  const fs::path file = folder / kManifestFile;
  require(fs::is_regular_file(file),
          "'{}' has no manifest.json, so it is not a complete checkpoint", folder.string());
  const nlohmann::json json = read_json_file(file);
  try {
    check_files(folder, json);
    return {json.at("step").get<int64_t>(), json.at("task").get<std::string>()};
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("'{}' is damaged: {}", file.string(), error.what()));
  }
}

}  // namespace sana::checkpoints
