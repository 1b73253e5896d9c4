// Pictures, traces and records for the tests of the filter.
#pragma once
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <string>
#include <vector>

#include "filter/measure/frame_trace.h"
#include "filter/record/video_record.h"
#include "support/catch.h"

namespace sana_test {

// A colourful picture of smooth blobs; another seed, another scene.
inline cv::Mat scene(int seed, cv::Size size = {288, 160}) {
  cv::RNG random{uint64_t(seed) + 1};
  cv::Mat small(9, 16, CV_8UC3), picture;
  random.fill(small, cv::RNG::UNIFORM, 0, 256);
  cv::resize(small, picture, size, 0, 0, cv::INTER_CUBIC);
  return picture;
}

// The same moved to the right, what leaves coming back on the left.
inline cv::Mat moved(const cv::Mat& picture, int columns) {
  cv::Mat out(picture.size(), picture.type());
  columns %= picture.cols;
  if (columns == 0) return picture.clone();
  picture.colRange(0, picture.cols - columns).copyTo(out.colRange(columns, picture.cols));
  picture.colRange(picture.cols - columns, picture.cols).copyTo(out.colRange(0, columns));
  return out;
}

// Traces of pictures at 25 frames/s.
inline std::vector<sana::filter::FrameTrace> traces(const std::vector<cv::Mat>& pictures) {
  sana::filter::FrameTracer tracer;
  std::vector<sana::filter::FrameTrace> frames;
  for (size_t i = 0; i < pictures.size(); ++i) {
    cv::Mat grey, half;
    cv::cvtColor(pictures[i], grey, cv::COLOR_BGR2GRAY);
    cv::resize(pictures[i], half, pictures[i].size() / 2, 0, 0, cv::INTER_AREA);
    frames.push_back(tracer.trace(double(i) / 25, half, grey));
  }
  return frames;
}

// Motion JPEG in AVI: every OpenCV writes it.
inline void write_video(const std::filesystem::path& file, const std::vector<cv::Mat>& pictures,
                        double fps = 25) {
  std::filesystem::create_directories(file.parent_path());
  cv::VideoWriter writer(file.string(), cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), fps,
                         pictures.front().size());
  REQUIRE(writer.isOpened());
  for (const cv::Mat& picture : pictures) writer.write(picture);
}

// A scene that moves by `speed` columns per frame.
inline std::vector<cv::Mat> shot(int seed, int frames, int speed = 2, cv::Size size = {288, 160}) {
  std::vector<cv::Mat> pictures;
  const cv::Mat first = scene(seed, size);
  for (int i = 0; i < frames; ++i) pictures.push_back(moved(first, i * speed));
  return pictures;
}

inline void append(std::vector<cv::Mat>& pictures, const std::vector<cv::Mat>& more) {
  pictures.insert(pictures.end(), more.begin(), more.end());
}

// A record of a video with one shot for each motion score.
inline sana::filter::VideoRecord record(const std::string& id, const std::vector<double>& motions,
                                        double seconds = 6) {
  sana::filter::VideoRecord video;
  video.file = {id, sana::data::Place::whole(fmt::format("raw/{}", id)), 1000, 5};
  video.measured_with = "test";
  video.codec = "h264", video.pixel_format = "yuv420p";
  video.width = 832, video.height = 480, video.fps = 24;
  video.seconds = seconds * double(motions.size());
  for (size_t k = 0; k < motions.size(); ++k) {
    sana::filter::ShotRecord shot;
    shot.start_s = seconds * double(k), shot.end_s = shot.start_s + seconds;
    shot.frames = int64_t(seconds * 24);
    shot.crop = {0, 0, 832, 480};
    shot.scores = {
        {"motion", motions[k]}, {"seconds", seconds}, {"short_side", 480}, {"bit_rate", 1000}};
    for (size_t part = 0; part < 4; ++part) {
      shot.hash.parts[part] = std::hash<std::string>{}(fmt::format("{} {}", id, 4 * k + part));
    }
    video.shots.push_back(shot);
  }
  return video;
}

}  // namespace sana_test
