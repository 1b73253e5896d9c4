// JPEGs that are damaged inside are found; whole ones of every kind are not taken for damaged.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <random>

#include "core/error.h"
#include "media/decode/video_stream.h"
#include "media/picture/image_input.h"
#include "media/picture/jpeg_check.h"
#include "media/picture/still_picture.h"
#include "support/media_fixtures.h"
#include "support/picture_files.h"
// After <cstdio>.
#include <jpeglib.h>

namespace sana::media {
using namespace sana_test;
using namespace std::string_literals;
namespace {

constexpr unsigned kSeed = 20260515;

// A frame of a film, since damage shows as it does in photographs.
cv::Mat photograph(double scale = 1) {
  VideoStream stream(open_bytes(example("clips/waterfall.mp4")), "waterfall.mp4");
  REQUIRE(stream.next());
  const cv::Size size(int(stream.info().width), int(stream.info().height));
  cv::Mat large;
  cv::resize(stream.bgr(size), large, {}, scale, scale, cv::INTER_CUBIC);
  return large;
}

// What OpenCV makes of it, which tells nothing.
cv::Mat opencv_picture(const std::string& jpeg) {
  return cv::imdecode(std::vector<uint8_t>(jpeg.begin(), jpeg.end()), cv::IMREAD_COLOR);
}

using Random = std::mt19937;
using Damage = std::string (*)(std::string, Random&);

size_t place_in(const std::string& jpeg, size_t bytes, Random& random) {
  const size_t begin = jpeg.size() / 8, end = jpeg.size() - bytes - 2;
  return begin + random() % (end - begin);
}

std::string with_zeros(std::string jpeg, Random& random) {
  constexpr size_t kBytes = 4096;
  return jpeg.replace(place_in(jpeg, kBytes, random), kBytes, std::string(kBytes, '\0'));
}

std::string with_noise(std::string jpeg, Random& random) {
  constexpr size_t kBytes = 400;
  const size_t begin = place_in(jpeg, kBytes, random);
  for (size_t i = 0; i < kBytes; ++i) jpeg[begin + i] = char(random());
  return jpeg;
}

std::string ended_early(std::string jpeg, Random& random) {
  return jpeg.substr(0, place_in(jpeg, 16, random)) + "\xff\xd9";
}

std::string cut(std::string jpeg, Random& random) {
  return jpeg.substr(0, place_in(jpeg, 16, random));
}

std::string half_empty(std::string jpeg, Random&) {
  std::fill(jpeg.begin() + std::ptrdiff_t(jpeg.size() / 2), jpeg.end() - 2, '\0');
  return jpeg;
}

std::string with_few_wrong(std::string jpeg, Random& random) {
  constexpr size_t kBytes = 20;
  const size_t begin = place_in(jpeg, kBytes, random);
  for (size_t i = 0; i < kBytes; ++i) jpeg[begin + i] = char(random());
  return jpeg;
}

// How OpenCV is told to write it.
const std::vector<std::vector<int>>& encodings() {
  static const std::vector<std::vector<int>> kinds = {
      {cv::IMWRITE_JPEG_QUALITY, 90},
      {cv::IMWRITE_JPEG_QUALITY, 75},
      {cv::IMWRITE_JPEG_QUALITY, 90, cv::IMWRITE_JPEG_PROGRESSIVE, 1},
      {cv::IMWRITE_JPEG_QUALITY, 90, cv::IMWRITE_JPEG_OPTIMIZE, 1},
      {cv::IMWRITE_JPEG_QUALITY, 95, cv::IMWRITE_JPEG_RST_INTERVAL, 8}};
  return kinds;
}

// As image editors write them for print.
std::string cmyk_jpeg() {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &bytes, &size);
  encoder.image_width = 40;
  encoder.image_height = 24;
  encoder.input_components = 4;
  encoder.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  std::vector<JSAMPLE> row(size_t(40) * 4);
  while (encoder.next_scanline < encoder.image_height) {
    for (size_t i = 0; i < row.size(); ++i) row[i] = JSAMPLE(i * 5 + encoder.next_scanline * 3);
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&encoder, rows, 1);
  }
  jpeg_finish_compress(&encoder);
  std::string file(reinterpret_cast<char*>(bytes), size);
  jpeg_destroy_compress(&encoder);
  std::free(bytes);
  return file;
}

// Of `count` damaged files whose pixels are others, those that are taken for whole.
int missed(Damage damage, int count) {
  static const auto files = [] {
    std::vector<std::pair<std::string, cv::Mat>> whole;
    for (const auto& options : encodings()) {
      const std::string jpeg = encoded(".jpg", photograph(2), options);
      whole.emplace_back(jpeg, opencv_picture(jpeg));
    }
    return whole;
  }();
  Random random(kSeed);
  int missed = 0;
  for (int i = 0; i < count; ++i) {
    const auto& [good, right] = files[size_t(i) % files.size()];
    const std::string bad = damage(good, random);
    const cv::Mat pixels = opencv_picture(bad);
    const bool differs = pixels.size() != right.size() || cv::norm(pixels, right, cv::NORM_INF) > 0;
    if (differs && reason_of_picture(bad) == "usable") ++missed;
  }
  return missed;
}

}  // namespace

TEST_CASE("damage inside a JPEG is found", "[media]") {
  INFO("seed " << kSeed);
  CHECK(missed(with_zeros, 25) == 0);
  CHECK(missed(with_noise, 25) == 0);
  CHECK(missed(ended_early, 15) == 0);
  CHECK(missed(cut, 15) == 0);
  CHECK(missed(half_empty, 5) == 0);
  // Of a few wrong bytes, some leave the code in step and numbers that may be: another picture.
  CHECK(missed(with_few_wrong, 60) <= 15);
}

TEST_CASE("a damaged JPEG is told by its name when it is to begin a video", "[media]") {
  const TempFolder folder;
  Random random(kSeed);
  const std::string jpeg = encoded(".jpg", photograph());
  write_text(folder / "a.jpg", with_zeros(jpeg, random));
  CHECK_THAT(error_of([&] { read_image(folder / "a.jpg"); }),
             ContainsSubstring("a.jpg") && ContainsSubstring("damaged"));
  write_text(folder / "a.jpg", jpeg.substr(0, jpeg.size() - 2));
  CHECK_THAT(error_of([&] { read_image(folder / "a.jpg"); }), ContainsSubstring("truncated"));
}

TEST_CASE("whole JPEGs of every kind are taken, with the pixels that OpenCV gives", "[media]") {
  const cv::Mat picture = photograph();
  std::vector<std::string> files;
  for (const auto& options : encodings()) files.push_back(encoded(".jpg", picture, options));
  cv::Mat grey, noise(120, 170, CV_8UC3), edges(64, 64, CV_8UC3, cv::Scalar::all(0));
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  cv::randu(noise, 0, 256);
  edges.colRange(0, 3).setTo(cv::Scalar::all(255));
  edges.rowRange(20, 41).setTo(cv::Scalar(255, 0, 255));
  for (const int quality : {1, 30, 100}) {
    for (const cv::Mat& other : {grey, noise, edges, cv::Mat(1, 1, CV_8UC3, cv::Scalar(1, 2, 3))}) {
      files.push_back(encoded(".jpg", other, {cv::IMWRITE_JPEG_QUALITY, quality}));
    }
  }
  files.push_back(cmyk_jpeg());
  const std::string jpeg = files.front();
  files.push_back(jpeg + std::string(200000, '\x41'));  // a film behind a motion photograph
  files.push_back(jpeg + jpeg);                         // several pictures in one file
  files.push_back(with_exif(jpeg, 6));
  files.push_back(jpeg.substr(0, jpeg.size() - 2) + std::string(16, '\0') + "\xff\xd9");
  files.push_back(jpeg.substr(0, 2) + "\xff\xfe" + big_endian(8, 2) + "a note" + jpeg.substr(2));
  for (size_t i = 0; i < files.size(); ++i) {
    INFO("file " << i);
    CHECK(check_jpeg(files[i], JpegUse::kFile).damage.empty());
    const cv::Mat read = decode_still(*own_bytes(files[i])).bgr;
    CHECK(cv::norm(read, opencv_picture(files[i]), cv::NORM_INF) == 0);
  }
  for (const auto& file : fs::directory_iterator(example("images"))) {
    if (file.path().extension() != ".jpg") continue;
    INFO(file.path().string());
    CHECK(reason_of_picture(read_all(file.path())) == "usable");
  }
}

TEST_CASE("damaged frames of Motion JPEG are counted", "[media]") {
  const TempFolder folder;
  const cv::Mat picture = photograph();
  cv::VideoWriter writer((folder / "a.avi").string(), cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                         16, picture.size());
  REQUIRE(writer.isOpened());
  for (int i = 0; i < 6; ++i) writer.write(picture);
  writer.release();
  const std::string whole = read_all(folder / "a.avi");
  const auto damaged_in = [&](const std::string& bytes) {
    VideoStream stream(own_bytes(bytes), "a.avi");
    while (stream.next()) {
    }
    return stream.num_damaged();
  };
  CHECK(damaged_in(whole) == 0);
  Random random(kSeed);
  for (int i = 0; i < 20; ++i) {
    // Between the headers and the index.
    std::string bytes = whole;
    const size_t begin = bytes.size() / 5 + random() % (bytes.size() / 2);
    bytes.replace(begin, 1000, std::string(1000, '\0'));
    CHECK(damaged_in(bytes) > 0);
  }
}

}  // namespace sana::media
#endif
