#include "data/source/media_kind.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace sana::data {

std::optional<MediaKind> media_kind(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* video : {".mp4", ".mkv", ".webm", ".avi", ".mov", ".wmv"}) {
    if (extension == video) return MediaKind::kVideo;
  }
  for (const char* image : {".jpg", ".jpeg", ".png"}) {
    if (extension == image) return MediaKind::kImage;
  }
  return std::nullopt;
}

}  // namespace sana::data
