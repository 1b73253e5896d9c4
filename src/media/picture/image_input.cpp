#include "media/picture/image_input.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "core/shape.h"

#if SANA_HAS_VIDEO_IO
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#endif

namespace sana::media {
namespace {

constexpr double kLobes = 3.0;
constexpr double kWeightOne = 1 << 22;

double sinc(double x) { return x == 0.0 ? 1.0 : std::sin(M_PI * x) / (M_PI * x); }

double lanczos(double x) { return std::abs(x) < kLobes ? sinc(x) * sinc(x / kLobes) : 0.0; }

// Weights of every input pixel in every output pixel of one axis: [out, in] float64, rows sum to 1.
at::Tensor resampling_matrix(int64_t in, int64_t out) {
  const double scale = double(in) / double(out);
  const double widening = std::max(scale, 1.0);
  const double support = kLobes * widening;
  at::Tensor matrix = at::zeros({out, in}, at::kDouble);
  auto weights = matrix.accessor<double, 2>();
  for (int64_t i = 0; i < out; ++i) {
    const double center = (double(i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(int64_t(center - support + 0.5), 0);
    const int64_t last = std::min<int64_t>(int64_t(center + support + 0.5), in);
    for (int64_t j = first; j < last; ++j) {
      weights[i][j] = lanczos((double(j) - center + 0.5) / widening);
    }
  }
  // Pillow computes with weights of 22 bits.
  return at::round(matrix / matrix.sum(1, true) * kWeightOne) / kWeightOne;
}

at::Tensor to_bytes(const at::Tensor& values) { return at::floor(values + 0.5).clamp(0.0, 255.0); }

at::Tensor read_image_tensor(const std::filesystem::path& path) {
  const at::Tensor image = SafetensorsFile(path).tensor("image").clone();
  check_shape(fmt::format("'{}': image", path.string()), image, {{"H"}, {"W"}, {"C", 3}});
  require(image.scalar_type() == at::kByte && image.numel() > 0,
          "'{}': image is {}, must be uint8 [H, W, 3] with at least one pixel", path.string(),
          image.toString());
  return image;
}

}  // namespace

#if SANA_HAS_VIDEO_IO
at::Tensor read_image(const std::filesystem::path& path) {
  if (path.extension() == ".safetensors") return read_image_tensor(path);
  const std::string bytes = read_text_file(path);
  cv::Mat image;
  if (!bytes.empty()) {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<char*>(bytes.data()));
    image = cv::imdecode(encoded, cv::IMREAD_COLOR);
  }
  require(!image.empty(), "'{}' is no image that can be read (JPEG, PNG, WebP, ...)",
          path.string());
  cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  return at::from_blob(image.data, {image.rows, image.cols, 3}, at::kByte).clone();
}
#else
at::Tensor read_image(const std::filesystem::path& path) {
  if (path.extension() == ".safetensors") return read_image_tensor(path);
  throw EnvironmentError(fmt::format(
      "cannot read '{}': this build has no OpenCV; install libopencv-dev and build again, or give "
      "the pixels in a safetensors file: image [H, W, 3] uint8, RGB",
      path.string()));
}
#endif

at::Tensor lanczos_resize(const at::Tensor& image, int64_t height, int64_t width) {
  check_shape("lanczos_resize: image", image, {{"H", kAny}, {"W", kAny}, {"C", 3}});
  at::Tensor channels = image.permute({2, 0, 1}).to(at::kDouble);  // [3, H, W]
  const int64_t lost_rows = image.size(0) - height, lost_columns = image.size(1) - width;
  // Pillow's rule since version 13; the order shows in the rounding between the passes.
  const bool rows_first = lost_rows > std::max<int64_t>(2 * lost_columns, 0);
  for (const bool rows : {rows_first, !rows_first}) {
    if (rows && lost_rows != 0) {
      channels = to_bytes(at::matmul(resampling_matrix(image.size(0), height), channels));
    }
    if (!rows && lost_columns != 0) {
      channels = to_bytes(at::matmul(channels, resampling_matrix(image.size(1), width).t()));
    }
  }
  return channels.to(at::kByte).permute({1, 2, 0}).contiguous();
}

at::Tensor first_frame(const at::Tensor& image, int64_t height, int64_t width) {
  const at::Tensor resized = lanczos_resize(image, height, width);
  return (resized.to(at::kFloat) / 255.0 * 2.0 - 1.0)
      .permute({2, 0, 1})
      .unsqueeze(0)
      .unsqueeze(2)
      .contiguous();
}

}  // namespace sana::media
