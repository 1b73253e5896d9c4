// Small inputs for the tests of src/data, made when they run.
#pragma once
#include <ATen/ATen.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/progress.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/prepare.h"
#include "data/prepared/prepared_dataset.h"
#include "data/prepared/sample_store.h"
#include "data/prepared/work_folder.h"
#include "support/catch.h"

#if SANA_HAS_VIDEO_IO
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#endif

namespace sana::data {
namespace fs = std::filesystem;

// A folder that is gone with the test.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    path_ = fs::temp_directory_path() /
            ("sana-data-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    fs::create_directories(path_);
  }
  ~TempFolder() { fs::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

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

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline fs::path example(const std::string& name) {
  return fs::path(SANA_SOURCE_DIR) / "examples" / name;
}

// Pixels that differ from sample to sample: [F, H, W, 3] uint8.
inline at::Tensor test_pixels(int64_t frames, int64_t height, int64_t width, int64_t seed) {
  const at::Tensor ramp = at::arange(frames * height * width * 3, at::kLong);
  return ((ramp * 7 + seed * 31) % 251).to(at::kByte).reshape({frames, height, width, 3});
}

// A finished data set of pixels with one sample for each bucket given.
inline void make_pixels_dataset(const fs::path& folder, const std::vector<Bucket>& buckets,
                                int64_t max_shard_bytes = 1 << 20) {
  WorkFolder work(folder, {{"test", true}}, max_shard_bytes);
  for (size_t i = 0; i < buckets.size(); ++i) {
    const auto& bucket = buckets[i];
    Sample sample;
    sample.pixels =
        test_pixels(bucket.frames, bucket.height, bucket.width, static_cast<int64_t>(i));
    const auto name = std::to_string(i);
    work.add_sample(
        {"clip" + name + ".mp4", "caption " + name, bucket, 0, sample_hash(sample), 16, {}},
        sample);
  }
  DatasetFile dataset;
  dataset.settings = {{"fps", 16.0}, {"frames", 5}, {"buckets", {"16x16"}}};
  dataset.source = {{"path", "test"}, {"files", buckets.size()}, {"hash", "0"}};
  dataset.listed = static_cast<int64_t>(buckets.size());
  dataset.shards = work.finish_shards();
  dataset.samples = work.samples();
  write_dataset_file(folder, dataset);
  work.remove();
}

// Encoders that are quick and tell inputs apart; `calls` counts encoded clips.
inline Encoders test_encoders(int64_t* calls = nullptr) {
  Encoders encoders;
  encoders.vae_identity = "test vae";
  encoders.text_identity = "test text";
  encoders.latent_channels = 3;
  encoders.latents = [calls](const at::Tensor& video) {
    if (calls != nullptr) ++*calls;
    const at::Tensor pooled = at::avg_pool3d(video, {1, 8, 8});
    return pooled.slice(2, 0, std::nullopt, 4).contiguous();
  };
  encoders.text = [](const std::vector<std::string>& prompts) {
    const auto length = static_cast<int64_t>(prompts.at(0).size());
    const at::Tensor features = at::full({1, 4, 6}, static_cast<double>(length));
    return std::make_pair(features, at::ones({1, 4}, at::kLong));
  };
  encoders.negative_text = [](const std::vector<std::string>&) {
    return std::make_pair(at::full({1, 4, 6}, -1.0), at::ones({1, 4}, at::kLong));
  };
  return encoders;
}

inline PrepareConfig test_config(const fs::path& source, const fs::path& output,
                                 const std::string& kind) {
  PrepareConfig config;
  config.source = source.string();
  config.output = output.string();
  config.kind = kind;
  config.fps = 16;
  config.frames = 5;
  config.buckets.sizes = {"64x128"};
  return config;
}

inline PrepareResult run_prepare(const PrepareConfig& config, const Encoders* encoders = nullptr) {
  const auto progress = sana::make_silent_progress();
  return prepare(config, encoders, *progress);
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

}  // namespace sana::data
