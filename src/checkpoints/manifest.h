// manifest.json: written last into a checkpoint folder, so that a folder with one is whole.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/distributed/communicator.h"
#include "core/files.h"

namespace sana::checkpoints {

inline constexpr int kCheckpointFormat = 1;
inline constexpr const char* kManifestFile = "manifest.json";

using ManifestEntry = FileDigest;

struct Manifest {
  int64_t step = 0;
  std::string task;                                 // "video_dit" or "vae"
  std::map<std::string, ManifestEntry> files = {};  // by name, relative to the folder
};

// Of a folder that is otherwise complete: names, sizes and hashes of all its files. What is in
// `files` of `manifest` was hashed while it was written and is not read again. Throws
// EnvironmentError, also where such a file is not there or has another size.
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest);

// What it says; no other file is looked at. Throws UserError: no checkpoint, not complete, another
// format, no list of files with sizes and hashes.
Manifest read_manifest(const std::filesystem::path& folder);

// Reads it and compares every file with it, several at once. Throws UserError as read_manifest(),
// and that lists every missing file, wrong size, wrong hash and name that leads out of the folder,
// every file of the model that is not listed, and a manifest without weights.
Manifest check_manifest(const std::filesystem::path& folder);
// The same by the members of a group, each of which compares some of the files; all of them call it
// and throw the same.
Manifest check_manifest(const std::filesystem::path& folder, Communicator& group);

// Compares files with the manifest.json of the checkpoint of this program that they lie in: in its
// folder, or one below it. Files of other origin are passed over. Returns how many were compared.
// Throws UserError as check_manifest(), about these files alone.
int64_t verify_files(const std::vector<std::filesystem::path>& files);

}  // namespace sana::checkpoints
