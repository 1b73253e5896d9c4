#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <spdlog/fmt/fmt.h>

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string_view>
#include <vector>

#include "media/bytes/media_type.h"
#include "media/bytes/picture_header.h"
#include "media/picture/jpeg_check.h"
#include "media/picture/still_picture.h"
#include "media/picture_limit.h"
#include "media/unusable.h"

namespace sana::media {
namespace {

constexpr const char* kConvert = "convert it to JPEG or PNG";
constexpr const char* kCopyAgain = "copy the file again";

// Damaged images are reported by us, once, instead of line by line by the decoders.
void silence_decoders() {
  static const bool is_silent = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    return true;
  }();
  static_cast<void>(is_silent);
}

[[noreturn]] void throw_truncated() {
  throw UnusableClip("truncated", "the file ends before its contents do", kCopyAgain);
}

MediaType checked_type(const ByteSource& file) {
  if (file.size() == 0) throw UnusableClip("zero bytes", "the file is empty", kCopyAgain);
  const MediaType type = media_type(file);
  if (type == MediaType::kAnimatedWebp) {
    throw UnusableClip("animated", "it is an animated WebP image",
                       "convert it to a video, or one of its pictures to PNG");
  }
  if (!is_image(type) || type == MediaType::kHeif) {
    throw UnusableClip("wrong type", fmt::format("by its contents it is {}", media_type_name(type)),
                       "convert it to PNG, JPEG, WebP, BMP, TIFF, JPEG 2000 or PNM");
  }
  if (is_truncated(file, type)) throw_truncated();
  return type;
}

void check_size(const PictureHeader& header, MediaType type) {
  if (type == MediaType::kJpeg) return;  // libjpeg says it
  // OpenJPEG holds several numbers of 4 bytes for each component of each pixel.
  constexpr int64_t kMostJpeg2000 = kMaxPixels / 4, kMostComponents = 4;
  const bool is_jpeg2000 = type == MediaType::kJpeg2000;
  if (is_jpeg2000 && header.components > kMostComponents) {
    throw UnusableClip("cannot decode", fmt::format("it has {} components", header.components),
                       kConvert);
  }
  check_picture_size(header.width, header.height, is_jpeg2000 ? kMostJpeg2000 : kMaxPixels);
}

std::vector<uint8_t> read_whole(const ByteSource& file) {
  // More than pixels of 4 x 16 bits take.
  constexpr int64_t kMostBytes = 9 * kMaxPixels;
  if (file.size() > kMostBytes) {
    throw UnusableClip("too large", fmt::format("{} MiB", file.size() >> 20),
                       fmt::format("compress it; up to {} MiB are read", kMostBytes >> 20));
  }
  std::vector<uint8_t> bytes(size_t(file.size()));
  bytes.resize(size_t(file.read(0, reinterpret_cast<char*>(bytes.data()), file.size())));
  return bytes;
}

std::string_view as_text(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

StillPicture decode_still(const ByteSource& file) {
  silence_decoders();
  const MediaType type = checked_type(file);
  const PictureHeader header = read_picture_header(file, type);
  check_size(header, type);
  const std::vector<uint8_t> bytes = read_whole(file);
  if (type == MediaType::kJpeg) {
    const auto check = check_jpeg(as_text(bytes), JpegUse::kFile);
    if (check.is_cut) throw_truncated();
    if (!check.damage.empty()) throw UnusableClip("damaged", check.damage, kCopyAgain);
  }
  StillPicture picture;
  picture.hdr = header.hdr;
  // OpenCV says of a picture that it does not take nothing, or throws.
  try {
    picture.bgr = cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
  }
  if (picture.bgr.empty()) {
    throw UnusableClip("cannot decode", "OpenCV cannot read it: it is damaged, or of a rare kind",
                       "copy the file again, or convert it to JPEG or PNG");
  }
  return picture;
}

}  // namespace sana::media
#endif
