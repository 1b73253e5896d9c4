// Video or image, told by a name's ending.
#pragma once
#include <filesystem>
#include <optional>

namespace sana::data {

enum class MediaKind { kVideo, kImage };

// The endings that are known, for messages.
inline constexpr const char* kKnownTypes = ".avi .jpeg .jpg .mkv .mov .mp4 .png .webm .webp .wmv";

// By the ending of the name, in upper or lower case; nothing for one that is not known.
std::optional<MediaKind> media_kind(const std::filesystem::path& path);

// The same of endings of videos and images that are not taken, such as .gif and .m2ts: whoever has
// such a file is told.
std::optional<MediaKind> foreign_media_kind(const std::filesystem::path& path);

}  // namespace sana::data
