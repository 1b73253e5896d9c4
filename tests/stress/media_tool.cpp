// For the stress drivers: small videos of every kind that this build writes.
//   stress_media write FILE.mp4|mkv|...  a few frames of moving waves
#include <ATen/ATen.h>

#include <exception>
#include <iostream>
#include <string>

#include "media/encode/video_writer.h"

namespace {

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
    if (action != "write") return 2;
    sana::media::write_video(files[i], waves().contiguous(), 16.0);
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
