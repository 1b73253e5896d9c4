#include "media/picture/image_input.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/build_config.h"
#include "core/error.h"
#include "core/log.h"
#include "core/plain_file.h"
#include "core/safetensors.h"
#include "core/shape.h"

#if SANA_HAS_VIDEO_IO
#include <opencv2/imgproc.hpp>

#include "media/picture/still_picture.h"
#include "media/unusable.h"
#endif

namespace sana::media {
namespace {

constexpr double kLobes = 3.0;
constexpr int kWeightBits = 22;
constexpr int64_t kWeightOne = int64_t(1) << kWeightBits;

double sinc(double x) { return x == 0.0 ? 1.0 : std::sin(M_PI * x) / (M_PI * x); }

double lanczos(double x) { return std::abs(x) < kLobes ? sinc(x) * sinc(x / kLobes) : 0.0; }

// The input pixels that one output pixel of an axis is made of, and their weights in 1/2^22, the
// precision with which Pillow computes; they sum to 1.
struct Taps {
  int64_t first = 0;
  std::vector<int64_t> weights;
};

Taps taps_of(int64_t index, int64_t in, int64_t out) {
  const double scale = double(in) / double(out);
  const double widening = std::max(scale, 1.0);
  const double support = kLobes * widening;
  const double center = (double(index) + 0.5) * scale;
  Taps taps;
  taps.first = std::max<int64_t>(int64_t(center - support + 0.5), 0);
  const int64_t last = std::min<int64_t>(int64_t(center + support + 0.5), in);
  std::vector<double> weights;
  for (int64_t j = taps.first; j < last; ++j) {
    weights.push_back(lanczos((double(j) - center + 0.5) / widening));
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (const double weight : weights) {
    taps.weights.push_back(std::llrint(weight / sum * double(kWeightOne)));
  }
  return taps;
}

uint8_t to_byte(int64_t sum) {
  return uint8_t(std::clamp<int64_t>((sum + kWeightOne / 2) >> kWeightBits, 0, 255));
}

// [H, W, 3] to [height, W, 3]; sums are those of whole numbers, so that they are exact.
at::Tensor with_height(const at::Tensor& image, int64_t height) {
  const int64_t row = image.size(1) * 3;
  at::Tensor resized = at::empty({height, image.size(1), 3}, at::kByte);
  const auto* in = image.const_data_ptr<uint8_t>();
  auto* out = resized.mutable_data_ptr<uint8_t>();
  std::vector<int64_t> sums(static_cast<size_t>(row));
  for (int64_t y = 0; y < height; ++y, out += row) {
    const Taps taps = taps_of(y, image.size(0), height);
    std::fill(sums.begin(), sums.end(), 0);
    const uint8_t* from = in + taps.first * row;
    for (const int64_t weight : taps.weights) {
      for (size_t x = 0; x < sums.size(); ++x) sums[x] += weight * from[x];
      from += row;
    }
    std::transform(sums.begin(), sums.end(), out, to_byte);
  }
  return resized;
}

// [H, W, 3] to [H, width, 3].
at::Tensor with_width(const at::Tensor& image, int64_t width) {
  const int64_t height = image.size(0), row = image.size(1) * 3;
  at::Tensor resized = at::empty({height, width, 3}, at::kByte);
  for (int64_t x = 0; x < width; ++x) {
    const Taps taps = taps_of(x, image.size(1), width);
    const uint8_t* in = image.const_data_ptr<uint8_t>() + taps.first * 3;
    auto* out = resized.mutable_data_ptr<uint8_t>() + x * 3;
    for (int64_t y = 0; y < height; ++y, in += row, out += width * 3) {
      std::array<int64_t, 3> sums{};
      const uint8_t* from = in;
      for (const int64_t weight : taps.weights) {
        for (int64_t& sum : sums) sum += weight * *from++;
      }
      std::transform(sums.begin(), sums.end(), out, to_byte);
    }
  }
  return resized;
}

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
  open_plain_file(path);  // says what else it is
  try {
    const StillPicture picture = decode_still(*open_bytes(path));
    if (picture.hdr != Hdr::kNone) {
      log::warning("'{}' is HDR ({}) and is read as SDR: its colours are flat; convert it to SDR",
                   path.string(), hdr_name(picture.hdr));
    }
    cv::Mat rgb;
    cv::cvtColor(picture.bgr, rgb, cv::COLOR_BGR2RGB);
    return at::from_blob(rgb.data, {rgb.rows, rgb.cols, 3}, at::kByte).clone();
  } catch (const UnusableClip& error) {
    const UnusedClip problem = error.record(path.string());
    throw UserError(fmt::format("'{}': {}: {}; {}", problem.id, problem.reason, problem.detail,
                                problem.remedy));
  }
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
  at::Tensor resized = image.contiguous();
  const int64_t lost_rows = image.size(0) - height, lost_columns = image.size(1) - width;
  // Pillow's rule since version 13; the order shows in the rounding between the passes.
  const bool rows_first = lost_rows > std::max<int64_t>(2 * lost_columns, 0);
  for (const bool rows : {rows_first, !rows_first}) {
    if (rows && lost_rows != 0) resized = with_height(resized, height);
    if (!rows && lost_columns != 0) resized = with_width(resized, width);
  }
  return resized;
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
