#include "filter/measure/learned_score.h"

#include <array>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "filter/module/opencv_module.h"
#include "media/unusable.h"

namespace sana::filter {

struct LearnedScore::Net {
  const OpencvModule& module = opencv_module();
  void* net = nullptr;
  std::array<char, 512> error{};

  ~Net() {
    if (net != nullptr) module.close_net(net);
  }
};

LearnedScore::LearnedScore(const LearnedScoreConfig& config)
    : config_(config), net_(std::make_unique<Net>()) {
  net_->net =
      net_->module.open_net(config.file.c_str(), net_->error.data(), int64_t(net_->error.size()));
  require(net_->net != nullptr,
          "learned score {}: {}: not an ONNX model that OpenCV {} can run: {}", config.name,
          config.file, CV_VERSION, net_->error.data());
}
LearnedScore::~LearnedScore() = default;
LearnedScore::LearnedScore(LearnedScore&&) noexcept = default;

double LearnedScore::score(const cv::Mat& bgr) {
  cv::Mat picture, rgb;
  cv::resize(bgr, picture, {int(config_.width), int(config_.height)}, 0, 0, cv::INTER_AREA);
  cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  picture.convertTo(rgb, CV_32FC3, 1.0 / 255);
  const auto scalar = [](const std::vector<double>& v) { return cv::Scalar(v[0], v[1], v[2]); };
  cv::subtract(rgb, scalar(config_.mean), rgb);
  cv::divide(rgb, scalar(config_.deviation), rgb);
  const size_t plane = rgb.total();
  std::vector<float> input(3 * plane), output(size_t(config_.output) + 1);
  std::vector<cv::Mat> planes;
  for (size_t c = 0; c < 3; ++c) planes.emplace_back(rgb.size(), CV_32F, input.data() + c * plane);
  cv::split(rgb, planes);
  const int64_t count =
      net_->module.run_net(net_->net, input.data(), rgb.rows, rgb.cols, output.data(),
                           int64_t(output.size()), net_->error.data(), int64_t(net_->error.size()));
  require(count >= 0, "learned score {}: {} fails on an input of 1x3x{}x{}: {}", config_.name,
          config_.file, rgb.rows, rgb.cols, net_->error.data());
  require(config_.output < count, "learned score {}: {} gives {} numbers, output is {}",
          config_.name, config_.file, count, config_.output);
  return double(output.back());
}

double LearnedScore::score(media::VideoStream& stream, const ShotRecord& shot) {
  double sum = 0;
  int64_t seen = 0;
  const cv::Size size(int(stream.info().width), int(stream.info().height));
  for (int64_t k = 0; k < config_.pictures; ++k) {
    const double share = (double(k) + 0.5) / double(config_.pictures);
    if (!stream.next_at(shot.start_s + share * (shot.end_s - shot.start_s))) continue;
    sum += score(stream.bgr(size));
    ++seen;
  }
  if (seen == 0) {
    throw media::UnusableClip("cannot decode", "it cannot be searched", media::kReencode);
  }
  return sum / double(seen);
}

}  // namespace sana::filter
