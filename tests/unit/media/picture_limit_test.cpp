// Pictures that announce more than they hold are refused before anything is made for them.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <map>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "media/picture/image_input.h"
#include "media/picture/resize_and_crop_frame.h"
#include "media/picture/still_picture.h"
#include "support/media_fixtures.h"
#include "support/memory_limit.h"
#include "support/picture_files.h"

namespace sana::media {
using namespace sana_test;
using namespace std::string_literals;
namespace {

constexpr int64_t kSide = 65000;

cv::Mat picture() {
  cv::Mat slopes(64, 96, CV_8UC3);
  for (int y = 0; y < slopes.rows; ++y) {
    for (int x = 0; x < slopes.cols; ++x) {
      slopes.at<cv::Vec3b>(y, x) = {uint8_t(40 + x), uint8_t(60 + y), uint8_t(100 + x / 2 + y / 2)};
    }
  }
  return slopes;
}

std::string replaced(std::string bytes, size_t offset, const std::string& with) {
  REQUIRE(offset + with.size() <= bytes.size());
  return bytes.replace(offset, with.size(), with);
}

std::string large_jpeg(const std::vector<int>& options = {}) {
  const std::string jpeg = encoded(".jpg", picture(), options);
  const size_t frame = options.empty() ? jpeg.find("\xff\xc0"s) : jpeg.find("\xff\xc2"s);
  return replaced(jpeg, frame + 5, big_endian(kSide, 2) + big_endian(kSide, 2));
}

std::string large_png() {
  const std::string png = encoded(".png", picture());
  const std::string header = big_endian(kSide, 4) + big_endian(kSide, 4) + png.substr(24, 5);
  return png.substr(0, 8) + png_chunk("IHDR", header) + png.substr(33);
}

std::string large_tiff() {
  std::string tiff = encoded(".tiff", picture());
  REQUIRE(tiff.starts_with("II"));
  const auto number = [&](size_t offset, int bytes) {
    size_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) value = value << 8 | uint8_t(tiff[offset + size_t(i)]);
    return value;
  };
  const size_t directory = number(4, 4);
  for (size_t i = 0; i < number(directory, 2); ++i) {
    const size_t entry = directory + 2 + 12 * i;
    const size_t tag = number(entry, 2);
    if (tag != 256 && tag != 257) continue;
    tiff = replaced(tiff, entry + 2, little_endian(4, 2));
    tiff = replaced(tiff, entry + 8, little_endian(kSide, 4));
  }
  return tiff;
}

std::string large_webp() {
  const std::string webp = encoded(".webp", picture());
  const std::string sides = little_endian(kSide - 1, 3) + little_endian(kSide - 1, 3);
  const std::string body =
      "WEBPVP8X" + little_endian(10, 4) + "\0\0\0\0"s + sides + webp.substr(12);
  return "RIFF" + little_endian(body.size(), 4) + body;
}

std::string large_jpeg2000() {
  const std::string file = encoded(".jp2", picture());
  const size_t stream = file.find("\xff\x4f\xff\x51");
  return replaced(file, stream + 8, big_endian(kSide, 4) + big_endian(kSide, 4));
}

std::map<std::string, std::string> large_pictures() {
  const std::string bmp = encoded(".bmp", picture());
  return {{"a.jpg", large_jpeg()},
          {"progressive.jpg", large_jpeg({cv::IMWRITE_JPEG_PROGRESSIVE, 1})},
          {"a.png", large_png()},
          {"a.bmp", replaced(bmp, 18, little_endian(kSide, 4) + little_endian(kSide, 4))},
          {"a.tiff", large_tiff()},
          {"a.webp", large_webp()},
          {"a.jp2", large_jpeg2000()},
          {"a.ppm", "P6\n# a comment\n65000 65000\n255\n" + std::string(900, '\x50')}};
}

}  // namespace

TEST_CASE("a picture that announces 65000x65000 pixels is refused without room for it", "[media]") {
  const TempFolder folder;
  for (const auto& [name, bytes] : large_pictures()) {
    INFO(name);
    const std::string& contents = bytes;
    CHECK(result_within_memory(int64_t(64) << 20, [&] {
            return reason_of_picture(contents) == "too large" ? 0 : 1;
          }) == 0);
    write_text(folder / name, bytes);
    const std::string message = error_of([&] { read_image(folder / name); });
    CHECK_THAT(message, ContainsSubstring(name) && ContainsSubstring("65000x65000") &&
                                ContainsSubstring("8192") ||
                            ContainsSubstring("4096"));
  }
}

TEST_CASE("the pictures that are made large here are read when they are not", "[media]") {
  for (const char* ending : {".jpg", ".png", ".bmp", ".tiff", ".webp", ".jp2", ".ppm"}) {
    INFO(ending);
    const StillPicture read = decode_still(*own_bytes(encoded(ending, picture())));
    REQUIRE(read.bgr.size() == picture().size());
    CHECK(cv::norm(read.bgr, picture(), cv::NORM_INF) <= 8);
  }
}

TEST_CASE("pictures of other types say what they are", "[media]") {
  const TempFolder folder;
  const auto message_of = [&](const std::string& bytes) {
    write_text(folder / "a.png", bytes);
    return error_of([&] { read_image(folder / "a.png"); });
  };
  const std::string body = "WEBPVP8X" + little_endian(10, 4) + "\x02\0\0\0"s +
                           little_endian(39, 3) + little_endian(23, 3) + "ANIM" +
                           little_endian(6, 4) + std::string(6, '\0');
  CHECK_THAT(message_of("RIFF" + little_endian(body.size(), 4) + body),
             ContainsSubstring("animated WebP"));
  CHECK_THAT(message_of("\0\0\0\x20"s + "ftypavif" + std::string(40, '\0')),
             ContainsSubstring("AVIF"));
  CHECK_THAT(message_of("GIF89a" + std::string(40, '\0')), ContainsSubstring("a.png"));
  CHECK_THAT(message_of("P6\n0 0\n255\n"), ContainsSubstring("0x0"));
  CHECK_THAT(error_of([&] { read_image(folder.path()); }), ContainsSubstring("folder"));
}

TEST_CASE("pictures of absurd shapes cost no more than others", "[media]") {
  const auto ramp = [](int64_t height, int64_t width) {
    return (at::arange(height * width, at::kLong) * 255 / (height * width))
        .to(at::kByte)
        .view({height, width, 1})
        .repeat({1, 1, 3});
  };
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 65535}, {65535, 1}, {20, 5000}}) {
    INFO(height << "x" << width);
    const at::Tensor covered = resize_and_crop_frame(ramp(height, width), 480, 832);
    REQUIRE(covered.sizes() == at::IntArrayRef({480, 832, 3}));
    const at::Tensor middle = covered.narrow(0, 230, 20).narrow(1, 400, 32).to(at::kFloat);
    const double grey = height * width == 1 ? 0 : 127;
    CHECK(std::abs(middle.mean().item<double>() - grey) < 3);
    const at::Tensor frame = lanczos_resize(ramp(height, width), 480, 832);
    CHECK(frame.sizes() == at::IntArrayRef({480, 832, 3}));
    CHECK(std::abs(frame.to(at::kFloat).mean().item<double>() - grey) < 3);
  }
}

}  // namespace sana::media
#endif
