// Names that a file of a folder says: they stay in that folder.
#pragma once
#include <filesystem>
#include <string>

namespace sana {

// `name`, which a file in `folder` says, as a path below it. It need not be there. Throws UserError,
// which begins with `who` ("'a/manifest.json': files"), when the name is empty or absolute, has a
// ".." in it, or leads out of the folder through links.
std::filesystem::path path_inside(const std::filesystem::path& folder, const std::string& name,
                                  const std::string& who);

// Whether `path`, links followed, lies in `folder`; so it does too when `folder` is a snapshot of a
// Hugging Face cache (.../snapshots/REVISION), or in one, and the path leads to a file of that cache
// (.../blobs/HASH). A path that leads nowhere does not.
bool stays_inside(const std::filesystem::path& folder, const std::filesystem::path& path);

}  // namespace sana
