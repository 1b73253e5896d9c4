#include "media/encode/video_writer.h"

#include <ATen/ATen.h>
#include <malloc.h>

#include <filesystem>
#include <set>
#include <string>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "media/encode/video_format.h"
#include "media/picture/png.h"
#include "media/picture/to_frames.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

#if SANA_HAS_VIDEO_IO
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#endif

namespace {

namespace fs = std::filesystem;

// Frame k is a flat grey of 20 * k with a red left half.
at::Tensor test_frames(int64_t count) {
  at::Tensor frames = at::empty({count, 32, 48, 3}, at::kByte);
  for (int64_t k = 0; k < count; ++k) {
    frames[k].fill_(20 * k);
    frames[k].narrow(1, 0, 24).select(2, 0).fill_(250);
  }
  return frames;
}

}  // namespace

TEST_CASE("pixels in [-1, 1] become bytes rounded to nearest", "[media]") {
  const at::Tensor video = at::tensor({-1.5f, -1.0f, 0.0f, 1.0f, 2.0f, 0.5f}).view({1, 3, 2, 1, 1});
  const at::Tensor frames = sana::media::to_frames(video);
  CHECK(frames.sizes() == at::IntArrayRef({2, 1, 1, 3}));
  CHECK(at::equal(frames.flatten(), at::tensor({0, 128, 255, 0, 255, 191}, at::kByte)));
}

#if SANA_HAS_VIDEO_IO
TEST_CASE("a PNG reads back exactly", "[media]") {
  const sana_test::TemporaryDirectory temporary;
  const fs::path file = temporary / "a.png";
  at::manual_seed(0);
  const at::Tensor image = at::randint(0, 256, {17, 23, 3}, at::kByte);
  sana::media::write_png(file, image);
  const cv::Mat read = cv::imread(file.string(), cv::IMREAD_COLOR);
  REQUIRE(read.rows == 17);
  REQUIRE(read.cols == 23);
  const at::Tensor bgr = at::from_blob(read.data, {17, 23, 3}, at::kByte);
  CHECK(at::equal(bgr.flip(2), image));
}
#endif

#if SANA_HAS_VIDEO_IO
TEST_CASE("a video holds its frames, their order and colours, and the frame rate", "[media]") {
  const sana_test::TemporaryDirectory temporary;
  const std::string ending = GENERATE(".mp4", ".mkv", ".webm", ".gif", ".MP4");
  INFO(ending);
  if (!sana::media::is_video_name("a" + ending)) return;  // FFmpeg here has no encoder for it
  const fs::path file = temporary / ("a" + ending);
  const auto written = sana::media::write_video(file, test_frames(9), 16.0);
  REQUIRE(written.is_video);
  CHECK(written.path == file);
  // A GIF has a few levels of each colour, and times in hundredths of a second.
  const bool is_gif = ending == ".gif";
  cv::VideoCapture capture(file.string());
  CHECK(capture.get(cv::CAP_PROP_FPS) == sana_test::Approx(16.0).margin(is_gif ? 1.0 : 0.01));
  cv::Mat frame;
  int64_t count = 0;
  for (; capture.read(frame); ++count) {
    const cv::Vec3b right = frame.at<cv::Vec3b>(16, 40);  // BGR
    CHECK(std::abs(int(right[1]) - 20 * int(count)) <= (is_gif ? 36 : 4));
    CHECK(frame.at<cv::Vec3b>(16, 8)[2] > (is_gif ? 200 : 225));
  }
  CHECK(count == 9);
  CHECK_FALSE(fs::exists(file.string() + ".partial"));
}
#endif

#if SANA_HAS_VIDEO_IO
TEST_CASE("equal frames make equal files, whatever fresh memory holds", "[media]") {
  const sana_test::TemporaryDirectory temporary;
  const std::string ending = GENERATE(".mp4", ".mkv", ".webm", ".gif");
  INFO(ending);
  if (!sana::media::is_video_name("a" + ending)) return;
  const at::Tensor t = at::arange(17, at::kFloat).view({17, 1, 1, 1});
  const at::Tensor y = at::arange(128, at::kFloat).view({1, 128, 1, 1});
  const at::Tensor x = at::arange(224, at::kFloat).view({1, 1, 224, 1});
  at::manual_seed(0);
  const at::Tensor grain = at::randn({17, 128, 224, 3}) * 6;
  const at::Tensor waves = ((0.05 * x + 0.11 * t).sin() * (0.07 * y - 0.2 * t).cos()) * 90 + 128;
  const at::Tensor frames = (waves + grain).clamp(0, 255).to(at::kByte).contiguous();
  std::set<std::string> files;
  for (const int value : {0, 1, 85, 170, 200, 255}) {
    ::mallopt(M_PERTURB, value);
    const fs::path file = temporary / ("a" + ending);
    sana::media::write_video(file, frames, 16.0);
    files.insert(sana_test::file_bytes(file));
  }
  ::mallopt(M_PERTURB, 0);
  CHECK(files.size() == 1);
}
#endif

TEST_CASE("an output path that cannot be written is an environment error", "[media]") {
  const sana_test::TemporaryDirectory temporary;
  const fs::path& folder = temporary.path();
  sana::write_file_atomically(folder / "file", "x");
  CHECK_THROWS_AS(sana::media::write_video(folder / "file" / "a.mp4", test_frames(1), 16.0),
                  sana::EnvironmentError);
  CHECK_THROWS_AS(sana::media::write_video(folder / "a.png", test_frames(2), 16.0),
                  sana::UserError);
}
