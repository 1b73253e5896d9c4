// manifest.json: written last into a checkpoint folder, so that a folder with one is whole.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace sana::checkpoints {

inline constexpr int kCheckpointFormat = 1;
inline constexpr const char* kManifestFile = "manifest.json";

struct Manifest {
  int64_t step = 0;
  std::string task;  // "video_dit" or "vae"
};

// Of a folder that is otherwise complete: names, sizes and hashes of all its files. Throws
// EnvironmentError.
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest);

// Reads it and compares every file with it. Throws UserError: no checkpoint, not complete, another
// format, or a list of every missing file, wrong size and wrong hash.
Manifest check_manifest(const std::filesystem::path& folder);

}  // namespace sana::checkpoints
