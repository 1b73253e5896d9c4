// Parts of picture files, put together by hand. Only in builds with OpenCV.
#pragma once
#include <zlib.h>

#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "media/picture/still_picture.h"
#include "media/unusable.h"
#include "support/catch.h"

namespace sana_test {

// The file that OpenCV makes of a picture. `ending`: ".jpg".
inline std::string encoded(const std::string& ending, const cv::Mat& picture,
                           const std::vector<int>& options = {}) {
  std::vector<uint8_t> bytes;
  REQUIRE(cv::imencode(ending, picture, bytes, options));
  return {bytes.begin(), bytes.end()};
}

// Why a picture cannot be used; "usable" when it can.
inline std::string reason_of_picture(const std::string& bytes) {
  try {
    sana::media::decode_still(*sana::media::own_bytes(bytes));
    return "usable";
  } catch (const sana::media::UnusableClip& problem) {
    return problem.record("x").reason;
  }
}

inline std::string big_endian(uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(char(number >> (8 * i) & 0xff));
  return text;
}

inline std::string little_endian(uint64_t number, int bytes) {
  const std::string text = big_endian(number, bytes);
  return {text.rbegin(), text.rend()};
}

// TIFF's header and a directory with nothing but the orientation, 1 to 8.
inline std::string exif_data(int orientation) {
  using namespace std::string_literals;
  return "II*\0\x08\0\0\0"s + little_endian(1, 2) + little_endian(0x112, 2) + little_endian(3, 2) +
         little_endian(1, 4) + little_endian(uint64_t(orientation), 4) + little_endian(0, 4);
}

// The JPEG with these EXIF data behind its first marker.
inline std::string with_exif(const std::string& jpeg, int orientation) {
  using namespace std::string_literals;
  const std::string data = "Exif\0\0"s + exif_data(orientation);
  return jpeg.substr(0, 2) + "\xff\xe1" + big_endian(data.size() + 2, 2) + data + jpeg.substr(2);
}

inline std::string png_chunk(const std::string& kind, const std::string& data) {
  const std::string body = kind + data;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), uInt(body.size()));
  return big_endian(data.size(), 4) + body + big_endian(sum, 4);
}

// The PNG with one more chunk behind its header.
inline std::string with_png_chunk(const std::string& png, const std::string& chunk) {
  constexpr size_t kHeaderEnd = 8 + 25;
  return png.substr(0, kHeaderEnd) + chunk + png.substr(kHeaderEnd);
}

}  // namespace sana_test
