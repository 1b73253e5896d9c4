#include "train/resume.h"

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
  const fs::path chosen = config.resume;
  const auto step = checkpoints::checkpoint_step(chosen);
  require(step && fs::is_directory(chosen),
          "run.resume: '{}' is not a checkpoint folder; give auto, never or a folder like "
          "runs/a/{}",
          config.resume, checkpoints::checkpoint_name(2000));
  require(
      !newest || *checkpoints::checkpoint_step(*newest) <= *step,
      "run.resume is '{}', but run.dir already holds {}, which would be overwritten on the way; "
      "use another run.dir or move the later checkpoints away",
      config.resume, newest ? newest->filename().string() : "");
  return chosen;
}

}  // namespace sana::train
