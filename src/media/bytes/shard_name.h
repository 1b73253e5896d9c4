// What a name says of an archive.
#pragma once
#include <filesystem>
#include <string>

namespace sana::media {

// Whether the name ends as that of an archive that is read: .zip, .tar, .tar.gz, .tgz.
bool is_shard(const std::filesystem::path& path);
// Its path without that ending, with which the names of files beside it begin.
std::filesystem::path shard_stem(const std::filesystem::path& shard);

// The ending of an archive of a kind that is not read, since none of its files can be had without
// those before it: ".tar.xz", ".7z". Empty for any other name.
std::string foreign_archive_ending(const std::filesystem::path& path);
// What to do about one.
inline constexpr const char* kRepack =
    "unpack it and use the folder, or pack it as .tar or .zip, which are read in place";

}  // namespace sana::media
