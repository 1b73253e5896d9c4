#include "train/resume.h"

#include <string>

#include "checkpoints/manifest.h"
#include "checkpoints/run_folder.h"
#include "core/error.h"

namespace sana::train {
namespace fs = std::filesystem;

std::optional<fs::path> checkpoint_to_resume(const RunConfig& config) {
  const auto newest = checkpoints::newest_checkpoint(config.dir);
  if (config.resume == "auto") return newest;
  if (config.resume == "never") {
    require(!newest,
            "run.dir '{}' already holds {}, and run.resume is never; use another run.dir, or "
            "run.resume=auto to go on from it",
            config.dir, newest ? newest->filename().string() : "");
    return std::nullopt;
  }
  const fs::path chosen =
      with_context("run.resume (auto, never, a checkpoint or a run's folder)",
                   [&] { return checkpoints::resolve_checkpoint(config.resume); });
  // Its manifest tells the step: the folder may have another name, or be named by a link.
  const int64_t step =
      with_context("run.resume", [&] { return checkpoints::read_manifest(chosen).step; });
  require(fs::exists(chosen / "trainer.json"),
          "run.resume: '{}' holds no state of a training (an export?); start a new one from its "
          "weights with init.from",
          chosen.string());
  require(
      !newest || *checkpoints::checkpoint_step(*newest) <= step,
      "run.resume is '{}', but run.dir already holds {}, which would be overwritten on the way; "
      "use another run.dir or move the later checkpoints away",
      config.resume, newest ? newest->filename().string() : "");
  return chosen;
}

std::optional<fs::path> agreed_checkpoint(const RunConfig& config, const World& world) {
  std::string mine;
  if (world.is_main()) mine = checkpoint_to_resume(config).value_or(fs::path()).string();
  const std::string found = world.control->gather_text("checkpoint to go on from", mine).front();
  return found.empty() ? std::nullopt : std::optional(fs::path(found));
}

}  // namespace sana::train
