#include "data/source/media_kind.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/text.h"

namespace sana::data {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kVideos = {".mp4"sv, ".mkv"sv, ".webm"sv, ".avi"sv, ".mov"sv, ".wmv"sv};
constexpr std::array kImages = {".jpg"sv, ".jpeg"sv, ".png"sv, ".webp"sv};
constexpr std::array kForeignVideos = {
    ".3g2"sv, ".3gp"sv,  ".asf"sv, ".divx"sv, ".dv"sv,   ".f4v"sv,  ".flv"sv, ".gif"sv,
    ".m1v"sv, ".m2ts"sv, ".m2v"sv, ".m4v"sv,  ".mjpg"sv, ".mpeg"sv, ".mpg"sv, ".mts"sv,
    ".mxf"sv, ".ogv"sv,  ".rm"sv,  ".rmvb"sv, ".ts"sv,   ".vob"sv,  ".y4m"sv};
constexpr std::array kForeignImages = {
    ".apng"sv, ".arw"sv,  ".avif"sv, ".bmp"sv,  ".cr2"sv, ".dng"sv, ".exr"sv,
    ".hdr"sv,  ".heic"sv, ".heif"sv, ".jfif"sv, ".jp2"sv, ".jxl"sv, ".nef"sv,
    ".pgm"sv,  ".ppm"sv,  ".psd"sv,  ".raf"sv,  ".tga"sv, ".tif"sv, ".tiff"sv};

template <class Videos, class Images>
std::optional<MediaKind> kind_in(const std::string& ending, const Videos& videos,
                                 const Images& images) {
  const auto is_it = [&](std::string_view known) { return ending == known; };
  if (std::any_of(videos.begin(), videos.end(), is_it)) return MediaKind::kVideo;
  if (std::any_of(images.begin(), images.end(), is_it)) return MediaKind::kImage;
  return std::nullopt;
}

}  // namespace

std::optional<MediaKind> media_kind(const std::filesystem::path& path) {
  return kind_in(lower_ending(path), kVideos, kImages);
}

std::optional<MediaKind> foreign_media_kind(const std::filesystem::path& path) {
  return kind_in(lower_ending(path), kForeignVideos, kForeignImages);
}

}  // namespace sana::data
