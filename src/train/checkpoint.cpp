#include "train/checkpoint.h"

#include <torch/version.h>

#include <algorithm>
#include <charconv>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_file.h"
#include "core/log.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kNamePrefix = "step-";
constexpr const char* kManifest = "manifest.json";

// Suffix of a checkpoint that is being deleted; ".partial" is that of one being written.
constexpr const char* kDeleted = ".deleted";

// All files below a folder, relative, sorted; without the manifest.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path relative = entry.path().lexically_relative(folder);
    if (entry.is_regular_file() && relative != kManifest) files.push_back(relative);
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

void check_manifest(const fs::path& folder, const nlohmann::json& manifest) {
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

TensorMap load_optional(const fs::path& file) {
  return fs::exists(file) ? load_safetensors(file) : TensorMap();
}

}  // namespace

std::string checkpoint_name(int64_t step) { return fmt::format("{}{:08}", kNamePrefix, step); }

std::optional<int64_t> checkpoint_step(const fs::path& folder) {
  // "runs/a/step-00000100/" names the same folder.
  const std::string name =
      (folder.has_filename() ? folder : folder.parent_path()).filename().string();
  if (name.size() <= kNamePrefix.size() || !name.starts_with(kNamePrefix)) return std::nullopt;
  int64_t step = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kNamePrefix.size(), end, step);
  return error == std::errc() && stop == end ? std::optional(step) : std::nullopt;
}

void write_manifest(const fs::path& folder, int64_t step, const std::string& task) {
  nlohmann::ordered_json manifest;
  manifest["format"] = kCheckpointFormat;
  manifest["step"] = step;
  manifest["task"] = task;
  manifest["versions"] = {{"sana_video", SANA_VERSION}, {"torch", TORCH_VERSION}};
  if (fs::exists(folder / "config.yaml")) {
    manifest["config_hash"] = hash_file(folder / "config.yaml");
  }
  manifest["files"] = nlohmann::ordered_json::object();
  for (const fs::path& file : files_below(folder)) {
    manifest["files"][file.generic_string()] = {{"bytes", fs::file_size(folder / file)},
                                                {"sha1", hash_file(folder / file)}};
  }
  write_file_atomically(folder / kManifest, manifest.dump(2) + "\n");
}

fs::path save_checkpoint(const fs::path& run_dir, const CheckpointContent& content,
                         const ExtraFiles& extra) {
  const fs::path target = run_dir / checkpoint_name(content.step);
  StagedDirectory staged(target);
  const fs::path& folder = staged.path();
  write_file_atomically(folder / "config.yaml", content.config_yaml);
  write_file_atomically(folder / "trainer.json", content.trainer.dump(2) + "\n");
  save_safetensors(folder / "model.safetensors", content.model, {{"format", "pt"}});
  if (!content.ema.empty()) {
    save_safetensors(folder / "ema.safetensors", content.ema, {{"format", "pt"}});
  }
  save_safetensors(folder / "optimizer.safetensors", content.optimizer);
  save_safetensors(folder / "random.safetensors", content.random);
  if (extra) extra(folder);
  write_manifest(folder, content.step, content.task);
  staged.commit();
  return target;
}

CheckpointContent load_checkpoint(const fs::path& folder) {
  require(fs::is_directory(folder), "there is no checkpoint '{}'", folder.string());
  require(fs::is_regular_file(folder / kManifest),
          "'{}' has no manifest.json, so it is not a complete checkpoint", folder.string());
  const nlohmann::json manifest = read_json_file(folder / kManifest);
  CheckpointContent content;
  try {
    check_manifest(folder, manifest);
    content.step = manifest.at("step").get<int64_t>();
    content.task = manifest.at("task").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    throw UserError(
        fmt::format("'{}' is damaged: {}", (folder / kManifest).string(), error.what()));
  }
  content.config_yaml = read_text_file(folder / "config.yaml");
  content.trainer = read_json_file(folder / "trainer.json");
  content.model = load_safetensors(folder / "model.safetensors");
  content.ema = load_optional(folder / "ema.safetensors");
  content.optimizer = load_safetensors(folder / "optimizer.safetensors");
  content.random = load_safetensors(folder / "random.safetensors");
  return content;
}

std::vector<fs::path> list_checkpoints(const fs::path& run_dir) {
  std::vector<fs::path> found;
  if (!fs::is_directory(run_dir)) return found;
  for (const auto& entry : fs::directory_iterator(run_dir)) {
    const bool complete =
        checkpoint_step(entry.path()) && fs::is_regular_file(entry.path() / kManifest);
    if (complete) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    return *checkpoint_step(a) < *checkpoint_step(b);
  });
  return found;
}

std::optional<fs::path> newest_checkpoint(const fs::path& run_dir) {
  const auto all = list_checkpoints(run_dir);
  return all.empty() ? std::nullopt : std::optional(all.back());
}

void prune_checkpoints(const fs::path& run_dir, int64_t keep) {
  const auto all = list_checkpoints(run_dir);
  for (size_t i = 0; i + size_t(keep) < all.size(); ++i) {
    // Renamed first, so that a deletion that is cut short never leaves half a checkpoint.
    fs::path doomed = all[i];
    doomed += kDeleted;
    std::error_code error;
    fs::remove_all(doomed, error);
    fs::rename(all[i], doomed, error);
    if (!error) fs::remove_all(doomed, error);
    if (error)
      log::warning("cannot delete the old checkpoint '{}': {}", all[i].string(), error.message());
  }
}

void remove_leftovers(const fs::path& run_dir) {
  if (!fs::is_directory(run_dir)) return;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(run_dir)) {
    const std::string extension = entry.path().extension().string();
    const bool unfinished = extension == ".partial" || extension == kDeleted;
    if (unfinished && checkpoint_step(entry.path().stem())) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) {
    log::info("removing {}, left by a run that was killed", leftover.string());
    std::error_code error;
    fs::remove_all(leftover, error);
    if (error) log::warning("cannot delete '{}': {}", leftover.string(), error.message());
  }
}

}  // namespace sana::train
