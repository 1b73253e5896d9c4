// Scores that a network in ONNX format gives, run by OpenCV on the CPU.
#pragma once
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "filter/config/learned_config.h"
#include "filter/record/video_record.h"
#include "media/decode/video_stream.h"

namespace sana::filter {

// One network. Not thread-safe: each thread needs its own.
class LearnedScore {
 public:
  // Throws UserError when the file is no ONNX model that OpenCV can run.
  explicit LearnedScore(const LearnedScoreConfig& config);
  ~LearnedScore();
  LearnedScore(LearnedScore&&) noexcept;

  const std::string& name() const { return config_.name; }
  // Of a picture [h, w, 3] uint8 BGR of any size. Throws UserError when the model fails on its
  // input or gives fewer numbers than `output` asks for.
  double score(const cv::Mat& bgr);

  // The mean over pictures of the shot, at even distances, by seeking in the stream.
  double score(media::VideoStream& stream, const ShotRecord& shot);

 private:
  struct Net;
  LearnedScoreConfig config_;
  std::unique_ptr<Net> net_;
};

}  // namespace sana::filter
