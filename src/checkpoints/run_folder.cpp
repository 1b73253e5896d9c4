#include "checkpoints/run_folder.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "checkpoints/manifest.h"
#include "core/error.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kNamePrefix = "step-";

// "step-00002000.partial" and what else a kill leaves of a checkpoint.
bool is_leftover(const fs::path& folder) {
  const fs::path name = (folder.has_filename() ? folder : folder.parent_path()).filename();
  const fs::path ending = name.extension();
  return (ending == ".partial" || ending == ".deleted" || ending == ".old") &&
         checkpoint_step(name.stem()).has_value();
}

// The name of something in the folder that only a run without whole checkpoints has; empty: none.
std::string unfinished_in(const fs::path& folder) {
  if (!fs::is_directory(folder)) return "";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const bool is_of_run = checkpoint_step(entry.path()) || is_leftover(entry.path());
    if (is_of_run && entry.is_directory()) return entry.path().filename().string();
  }
  return "";
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

std::vector<fs::path> list_checkpoints(const fs::path& run_dir) {
  std::vector<fs::path> found;
  if (!fs::is_directory(run_dir)) return found;
  for (const auto& entry : fs::directory_iterator(run_dir)) {
    const bool complete =
        checkpoint_step(entry.path()) && fs::is_regular_file(entry.path() / kManifestFile);
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

fs::path resolve_checkpoint(const fs::path& path) {
  require(fs::exists(path), "'{}': there is nothing; give a checkpoint or a run folder",
          path.string());
  require(
      !is_leftover(path),
      "'{}' is what is left of a checkpoint that was being written or deleted; give a whole one, "
      "or rename it if you know that it is",
      path.string());
  if (const auto newest = newest_checkpoint(path)) return *newest;
  const std::string unfinished = unfinished_in(path);
  require(unfinished.empty(),
          "the run '{}' holds no complete checkpoint yet (only {}); give another run or checkpoint",
          path.string(), unfinished);
  return path;
}

}  // namespace sana::checkpoints
