// The checkpoints of a run: folders step-NNNNNNNN that are whole or absent.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sana::checkpoints {

// "step-00002000"
std::string checkpoint_name(int64_t step);

// Step of a checkpoint folder, from its name; nothing if it is not one ("step-00002000.partial").
std::optional<int64_t> checkpoint_step(const std::filesystem::path& folder);

// Complete checkpoints of a run (with a manifest, which is written last), oldest first; no folder:
// none.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& run_dir);
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& run_dir);

// What a user means by `path`: of a run's folder the newest complete checkpoint, else the path
// itself (a checkpoint by any name, a link to one, any other layout). Every command that takes a
// checkpoint asks here. Throws UserError when nothing is there, when a run holds no complete
// checkpoint, and for what a kill leaves of a checkpoint (step-NNNNNNNN.partial, .deleted, .old).
std::filesystem::path resolve_checkpoint(const std::filesystem::path& path);

}  // namespace sana::checkpoints
