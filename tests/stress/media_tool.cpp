// For the stress drivers: what the frames of videos show, since H.264 of equal frames differs from run
// to run, and small videos of every kind that this build writes.
//   stress_media digest FILE...          a line for each: size, frames, means of their fields
//   stress_media write FILE.mp4|mkv|...  a few frames of moving waves
#include <ATen/ATen.h>

#include <exception>
#include <iostream>
#include <opencv2/imgproc.hpp>
#include <string>

#include "core/error.h"
#include "media/bytes/byte_source.h"
#include "media/decode/video_stream.h"
#include "media/encode/video_writer.h"

namespace {

// "64x32 9 <hexadecimal digits>": size, frames, and of each frame the means of 8 x 8 fields, BGR.
std::string digest_of(const std::string& file) {
  sana::media::VideoStream stream(sana::media::open_bytes(file), file);
  const cv::Size size(int(stream.info().width), int(stream.info().height));
  std::string means;
  while (stream.next()) {
    cv::Mat fields;
    cv::resize(stream.bgr(size), fields, {8, 8}, 0, 0, cv::INTER_AREA);
    for (const uint8_t* mean = fields.datastart; mean != fields.dataend; ++mean) {
      means += fmt::format("{:02x}", *mean);
    }
  }
  stream.check_decoded(/*is_whole=*/true);
  return fmt::format("{}x{} {} {}", size.width, size.height, stream.num_frames(), means);
}

// [F, H, W, 3] uint8
at::Tensor waves() {
  const at::Tensor t = at::arange(20, at::kFloat).view({20, 1, 1, 1});
  const at::Tensor y = at::arange(64, at::kFloat).view({1, 64, 1, 1});
  const at::Tensor x = at::arange(96, at::kFloat).view({1, 1, 96, 1});
  const at::Tensor color = at::tensor({0.0f, 0.7f, 1.4f}).view({1, 1, 1, 3});
  return ((0.05 * x + 0.03 * y + 0.4 * t + color).sin() * 110.0 + 128.0).to(at::kByte);
}

int run(const std::string& action, int count, char** files) {
  for (int i = 0; i < count; ++i) {
    if (action == "digest") {
      std::cout << digest_of(files[i]) << "\n";
    } else if (action == "write") {
      sana::media::write_video(files[i], waves().contiguous(), 16.0);
    } else {
      return 2;
    }
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return count < 3 ? 2 : run(words[1], count - 2, words + 2);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
