// Small files of pictures, made when tests run.
#pragma once
#include <ATen/ATen.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/build_config.h"
#include "core/files.h"
#include "media/unusable.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

#if SANA_HAS_VIDEO_IO
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#endif

namespace sana_test {
namespace fs = std::filesystem;

using TempFolder = TemporaryDirectory;

inline void write_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

inline std::string read_all(const fs::path& file) { return sana::read_text_file(file); }

// Message of the error that `body` throws; fails the test when it throws none.
template <class Body>
std::string error_of(Body&& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  FAIL("no error was thrown");
  return "";
}

inline fs::path example(const std::string& name) {
  return fs::path(SANA_SOURCE_DIR) / "examples" / name;
}

// Pixels that differ from sample to sample: [F, H, W, 3] uint8.
inline at::Tensor test_pixels(int64_t frames, int64_t height, int64_t width, int64_t seed) {
  const at::Tensor ramp = at::arange(frames * height * width * 3, at::kLong);
  return ((ramp * 7 + seed * 31) % 251).to(at::kByte).reshape({frames, height, width, 3});
}

#if SANA_HAS_VIDEO_IO
// A frame that shows its number as eight bars, black for 0 and white for 1 bits.
inline cv::Mat numbered_frame(int number, int height = 64, int width = 128) {
  cv::Mat frame(height, width, CV_8UC3, cv::Scalar(0, 0, 0));
  for (int bit = 0; bit < 8; ++bit) {
    if ((number >> bit & 1) == 0) continue;
    frame(cv::Rect(bit * width / 8, 0, width / 8, height)).setTo(cv::Scalar(255, 255, 255));
  }
  return frame;
}

// The number that a frame [H, W, 3] shows.
inline int frame_number(const at::Tensor& frame) {
  int number = 0;
  for (int bit = 0; bit < 8; ++bit) {
    const int64_t bar = frame.size(1) / 8;
    const double mean = frame.narrow(1, bit * bar, bar).to(at::kFloat).mean().item<double>();
    if (mean > 128) number |= 1 << bit;
  }
  return number;
}

// Motion JPEG in AVI: every OpenCV writes it.
inline void write_numbered_clip(const fs::path& file, int frames, double fps, int first = 0,
                                cv::Size size = {128, 64}) {
  fs::create_directories(file.parent_path());
  cv::VideoWriter writer(file.string(), cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), fps, size);
  REQUIRE(writer.isOpened());
  for (int i = 0; i < frames; ++i) writer.write(numbered_frame(first + i, size.height, size.width));
}

// A clip with its caption.
inline void write_captioned_clip(const fs::path& folder, const std::string& name, int frames = 12,
                                 int first = 0) {
  write_numbered_clip(folder / (name + ".avi"), frames, 16, first);
  write_text(folder / (name + ".txt"), "a caption of " + name + "\n");
}
#endif

}  // namespace sana_test
