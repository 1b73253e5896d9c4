// Kinds of video files, told by the ending of their names.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace sana::media {

struct VideoFormat {
  std::string ending;                 // ".mp4"
  std::string muxer;                  // FFmpeg's name of the container
  std::vector<std::string> encoders;  // FFmpeg's names, the preferred one first
};

// The format of a name (in capitals, too), of those that this build can write; null for others.
const VideoFormat* video_format(const std::filesystem::path& name);
inline bool is_video_name(const std::filesystem::path& name) {
  return video_format(name) != nullptr;
}

// ".mp4, .mkv, .webm or .gif", as far as this build writes them. A build without FFmpeg says .mp4,
// of which it makes a folder of pictures.
std::string video_endings();

}  // namespace sana::media
