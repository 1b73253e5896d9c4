#include "filter/module/opencv_module.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <opencv2/dnn.hpp>
#include <opencv2/video/tracking.hpp>
#include <string>

namespace {

using Search = cv::Ptr<cv::DISOpticalFlow>;

void set_error(const std::string& text, char* error, int64_t error_bytes) {
  const size_t count = std::min(text.size(), size_t(error_bytes) - 1);
  std::memcpy(error, text.data(), count);
  error[count] = '\0';
}

// What `body` returns; -1 when it throws.
template <class Body>
int64_t guarded(char* error, int64_t error_bytes, Body&& body) {
  try {
    return body();
  } catch (const std::exception& failure) {
    set_error(failure.what(), error, error_bytes);
    return -1;
  }
}

cv::Mat picture(const uint8_t* bytes, int rows, int columns) {
  return {rows, columns, CV_8UC1, const_cast<uint8_t*>(bytes)};  // only read
}

void* open_flow(int patch_size, int refinements) {
  auto search =
      std::make_unique<Search>(cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_ULTRAFAST));
  (*search)->setPatchSize(patch_size);
  (*search)->setVariationalRefinementIterations(refinements);
  return search.release();
}

int run_flow(void* search, int finest_scale, const uint8_t* before, const uint8_t* after, int rows,
             int columns, float* flow, char* error, int64_t error_bytes) {
  return int(guarded(error, error_bytes, [&] {
    auto& dis = **static_cast<Search*>(search);
    dis.setFinestScale(finest_scale);
    // A new matrix each time: the search would start from flow that it finds in the old one.
    cv::Mat2f result;
    dis.calc(picture(before, rows, columns), picture(after, rows, columns), result);
    result.copyTo(cv::Mat2f(rows, columns, reinterpret_cast<cv::Vec2f*>(flow)));
    return 0;
  }));
}

void close_flow(void* search) { delete static_cast<Search*>(search); }

void* open_net(const char* file, char* error, int64_t error_bytes) {
  std::unique_ptr<cv::dnn::Net> net;
  guarded(error, error_bytes, [&] {
    net = std::make_unique<cv::dnn::Net>(cv::dnn::readNetFromONNX(file));
    if (net->empty()) throw std::runtime_error("the model is empty");
    return 0;
  });
  const bool is_usable = net != nullptr && !net->empty();
  return is_usable ? net.release() : nullptr;
}

int64_t run_net(void* net, const float* input, int height, int width, float* output,
                int64_t capacity, char* error, int64_t error_bytes) {
  return guarded(error, error_bytes, [&] {
    const int shape[] = {1, 3, height, width};
    auto& network = *static_cast<cv::dnn::Net*>(net);
    network.setInput(cv::Mat(4, shape, CV_32F, const_cast<float*>(input)));  // only read
    const cv::Mat result = network.forward();
    if (result.type() != CV_32F) throw std::runtime_error("its output is not float32");
    const auto count = int64_t(result.total());
    std::memcpy(output, result.ptr<float>(), size_t(std::min(count, capacity)) * sizeof(float));
    return count;
  });
}

void close_net(void* net) { delete static_cast<cv::dnn::Net*>(net); }

}  // namespace

extern "C" __attribute__((visibility("default"))) void sana_opencv_module(
    sana::filter::OpencvModule* module) {
  *module = {open_flow, run_flow, close_flow, open_net, run_net, close_net};
}
