// Decoding: times, rotation, pixel formats, seeking, and files that are not what they seem.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <sys/stat.h>

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "media/decode/video_stream.h"
#include "media/unusable.h"
#include "support/media_fixtures.h"

namespace sana::media {
using namespace sana_test;
namespace {

fs::path video(const std::string& name) { return fs::path(SANA_TEST_DATA) / "videos" / name; }

std::string reason_of(const fs::path& file) {
  try {
    VideoStream stream(open_bytes(file), file.string());
    while (stream.next()) {
    }
    return stream.num_damaged() > 0 ? "damaged frames" : "usable";
  } catch (const UnusableClip& clip) {
    return clip.record("x").reason;
  }
}

std::vector<double> times_of(const fs::path& file) {
  VideoStream stream(open_bytes(file), file.string());
  std::vector<double> times;
  while (stream.next()) times.push_back(stream.time_s());
  return times;
}

double mean_difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / double(a.total() * size_t(a.channels()));
}

// One frame of four colours in four corners, each of many levels.
void write_colour_clip(const fs::path& file, const std::string& codec) {
  cv::Mat picture(96, 160, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const auto level = uint8_t(40 + x + y / 2);
      picture.at<cv::Vec3b>(y, x) = {uint8_t(x < 80 ? 20 : level), uint8_t(y < 48 ? 30 : level),
                                     uint8_t((x < 80) == (y < 48) ? level : 60)};
    }
  }
  cv::VideoWriter writer(file.string(),
                         cv::VideoWriter::fourcc(codec[0], codec[1], codec[2], codec[3]), 25,
                         picture.size());
  REQUIRE(writer.isOpened());
  writer.write(picture);
}

}  // namespace

TEST_CASE("pictures are whole matrices: filters that look past an edge see nothing else",
          "[media]") {
  // Both ways to luma, through swscale and from the decoder's plane.
  for (const char* name : {"ten_bit.mp4", "odd_size.avi", "rotated.mp4"}) {
    INFO(name);
    VideoStream stream(open_bytes(video(name)), name);
    REQUIRE(stream.next());
    CHECK_FALSE(stream.luma().isSubmatrix());
    CHECK_FALSE(stream.bgr({50, 30}).isSubmatrix());
  }
}

TEST_CASE("a rotated video is turned as FFmpeg's own program turns it", "[media]") {
  const fs::path file = video("rotated.mp4");
  VideoStream stream(open_bytes(file), file.string());
  CHECK(stream.info().width == 64);
  CHECK(stream.info().height == 96);
  REQUIRE(stream.next());
  cv::VideoCapture capture(file.string(), cv::CAP_FFMPEG);
  capture.set(cv::CAP_PROP_ORIENTATION_AUTO, 0);
  cv::Mat stored, expected;
  REQUIRE(capture.read(stored));
  // `ffmpeg -i rotated.mp4` turns the stored picture against the clock; OpenCV 4.6 by itself the
  // other way.
  cv::rotate(stored, expected, cv::ROTATE_90_COUNTERCLOCKWISE);
  const cv::Mat picture = stream.bgr({64, 96});
  REQUIRE(picture.size() == expected.size());
  CHECK(mean_difference(picture, expected) < 4);
  CHECK(stream.luma().size() == expected.size());
}

TEST_CASE("ten bits become eight, odd sizes stay", "[media]") {
  VideoStream deep(open_bytes(video("ten_bit.mp4")), "ten_bit.mp4");
  CHECK(deep.info().pixel_format == "yuv420p10le");
  REQUIRE(deep.next());
  CHECK(deep.luma().type() == CV_8UC1);
  const double mean = cv::mean(deep.luma())[0];
  CHECK(mean > 60);
  CHECK(mean < 200);
  VideoStream odd(open_bytes(video("odd_size.avi")), "odd_size.avi");
  REQUIRE(odd.next());
  CHECK(odd.luma().size() == cv::Size(97, 63));
  CHECK(odd.bgr({48, 32}).size() == cv::Size(48, 32));
}

TEST_CASE("luma reaches from 0 to 255, whatever range the file stores", "[media]") {
  const TempFolder folder;
  write_numbered_clip(folder / "full.avi", 4, 25, /*first=*/0b10101010);  // JPEG: full range
  VideoStream full(open_bytes(folder / "full.avi"), "full.avi");
  REQUIRE(full.next());
  double low = 0, high = 0;
  cv::minMaxLoc(full.luma(), &low, &high);
  CHECK(low < 8);
  CHECK(high > 247);
}

TEST_CASE("the small picture is the whole one averaged, however it is stored", "[media]") {
  const TempFolder folder;
  // Motion JPEG: 4:2:0, full range; I420: 4:2:0 without a word about its range.
  write_colour_clip(folder / "full.avi", "MJPG");
  write_colour_clip(folder / "plain.avi", "I420");
  for (const fs::path& file : {folder / "full.avi", folder / "plain.avi", video("rotated.mp4"),
                               video("ten_bit.mp4"), video("odd_size.avi")}) {
    INFO(file.string());
    VideoStream stream(open_bytes(file), file.string());
    REQUIRE(stream.next());
    const cv::Size whole(int(stream.info().width), int(stream.info().height));
    const cv::Mat luma = stream.luma();
    for (const cv::Size& size : {whole / 4 * 2, cv::Size(whole.width / 3 * 2, 44)}) {
      const SmallPicture small = stream.small(size);
      REQUIRE(small.luma.size() == size);
      REQUIRE(small.bgr.size() == size / 2);
      cv::Mat grey, colours;
      cv::resize(luma, grey, size, 0, 0, cv::INTER_AREA);
      cv::resize(stream.bgr(whole), colours, size / 2, 0, 0, cv::INTER_AREA);
      // The clips of the repository are fine patterns, of which each method makes its own.
      const double tolerance = file.parent_path() == folder.path() ? 3 : 12;
      CHECK(mean_difference(small.luma, grey) < tolerance);
      CHECK(mean_difference(small.bgr, colours) < tolerance);
      CHECK(cv::norm(cv::mean(small.bgr) - cv::mean(colours)) < 3);
    }
    // It is made beside the picture that the decoder needs for the next ones.
    CHECK(mean_difference(stream.luma(), luma) == 0);
  }
}

TEST_CASE("times increase, begin with zero and follow the file", "[media]") {
  const auto steady = times_of(video("ten_bit.mp4"));
  REQUIRE(steady.size() == 12);
  for (size_t i = 0; i < steady.size(); ++i) CHECK(steady[i] == sana_test::Approx(double(i) / 25));
  const auto varying = times_of(video("variable_rate.mp4"));
  REQUIRE(varying.size() == 12);
  CHECK(varying[1] - varying[0] == sana_test::Approx(0.04).margin(0.002));
  CHECK(varying[9] - varying[8] == sana_test::Approx(0.12).margin(0.002));
  const auto unknown = times_of(video("no_rate.wmv"));
  REQUIRE(unknown.size() == 12);
  for (size_t i = 1; i < unknown.size(); ++i) CHECK(unknown[i] > unknown[i - 1]);
}

TEST_CASE("seeking gives the frame that is shown at that time", "[media]") {
  const TempFolder folder;
  write_numbered_clip(folder / "a.avi", 60, 25);
  for (const fs::path& file : {folder / "a.avi", example("clips/waterfall.mp4")}) {
    INFO(file.string());
    VideoStream all(open_bytes(file), file.string());
    std::vector<cv::Mat> pictures;
    std::vector<double> times;
    while (all.next()) pictures.push_back(all.bgr({64, 32})), times.push_back(all.time_s());
    VideoStream stream(open_bytes(file), file.string());
    for (const size_t i : {size_t(30), size_t(5), size_t(29), size_t(0), pictures.size() - 1}) {
      REQUIRE(stream.next_at(times[i]));
      CHECK(stream.time_s() == sana_test::Approx(times[i]).margin(1e-6));
      CHECK(mean_difference(stream.bgr({64, 32}), pictures[i]) < 0.5);
    }
    CHECK_FALSE(stream.next_at(times.back() + 10));
  }
}

TEST_CASE("bytes in memory decode as the file does", "[media]") {
  const fs::path file = example("clips/waterfall.mp4");
  VideoStream from_file(open_bytes(file), file.string());
  VideoStream from_memory(own_bytes(read_all(file)), "k.mp4");
  REQUIRE(from_file.next());
  REQUIRE(from_memory.next());
  CHECK(mean_difference(from_file.bgr({64, 32}), from_memory.bgr({64, 32})) == 0);
}

TEST_CASE("what cannot be decoded says why", "[media]") {
  const TempFolder folder;
  CHECK(reason_of(video("audio_only.mp4")) == "no video");
  CHECK(reason_of(folder / "none.mp4") == "file missing");
  fs::create_directories(folder / "folder.mp4");
  CHECK(reason_of(folder / "folder.mp4") == "no plain file");
  REQUIRE(::mkfifo((folder / "fifo.mp4").c_str(), 0600) == 0);
  CHECK(reason_of(folder / "fifo.mp4") == "no plain file");
  fs::create_symlink("/dev/zero", folder / "zero.mp4");
  CHECK(reason_of(folder / "zero.mp4") == "no plain file");
  const std::string whole = read_all(example("clips/waterfall.mp4"));
  write_text(folder / "half.mp4", whole.substr(0, whole.size() / 2));
  CHECK(reason_of(folder / "half.mp4") == "truncated");
  std::string flipped = whole;
  for (size_t i = whole.size() / 2; i < whole.size() / 2 + 400; ++i) flipped[i] ^= 0x55;
  write_text(folder / "flipped.mp4", flipped);
  CHECK(reason_of(folder / "flipped.mp4") == "damaged frames");
}

TEST_CASE("a header that announces an enormous picture is refused, not believed", "[media]") {
  const TempFolder folder;
  cv::VideoWriter writer((folder / "a.avi").string(), cv::VideoWriter::fourcc('I', '4', '2', '0'),
                         25, {128, 64});
  REQUIRE(writer.isOpened());
  writer.write(numbered_frame(1));
  writer.release();
  CHECK(reason_of(folder / "a.avi") == "usable");
  std::string bytes = read_all(folder / "a.avi");
  const size_t format = bytes.find("strf");
  REQUIRE(format != std::string::npos);
  for (const size_t side : {format + 12, format + 16})
    bytes.replace(side, 4, "\x60\xEA\x00\x00", 4);
  write_text(folder / "a.avi", bytes);
  CHECK(reason_of(folder / "a.avi") != "usable");
}

}  // namespace sana::media
#endif
