#include "infer/aspect_ratio_bins.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/shape.h"

namespace sana::infer {
namespace {

using Bins = std::vector<AspectRatioBin>;

const Bins kVideo480 = {{0.5, 448, 896},  {0.57, 480, 832}, {0.68, 528, 768}, {0.78, 560, 720},
                        {1.0, 624, 624},  {1.13, 672, 592}, {1.29, 720, 560}, {1.46, 768, 528},
                        {1.67, 816, 496}, {1.75, 832, 480}, {2.0, 896, 448}};

const Bins kVideo720 = {{0.5, 672, 1344},  {0.57, 704, 1280}, {0.68, 800, 1152}, {0.78, 832, 1088},
                        {1.0, 960, 960},   {1.13, 1024, 896}, {1.29, 1088, 832}, {1.46, 1152, 800},
                        {1.67, 1248, 736}, {1.75, 1280, 704}, {2.0, 1344, 672}};

const Bins kImage1024 = {
    {0.25, 512, 2048}, {0.28, 512, 1856}, {0.32, 576, 1792}, {0.33, 576, 1728}, {0.35, 576, 1664},
    {0.4, 640, 1600},  {0.42, 640, 1536}, {0.48, 704, 1472}, {0.5, 704, 1408},  {0.52, 704, 1344},
    {0.57, 768, 1344}, {0.6, 768, 1280},  {0.68, 832, 1216}, {0.72, 832, 1152}, {0.78, 896, 1152},
    {0.82, 896, 1088}, {0.88, 960, 1088}, {0.94, 960, 1024}, {1.0, 1024, 1024}, {1.07, 1024, 960},
    {1.13, 1088, 960}, {1.21, 1088, 896}, {1.29, 1152, 896}, {1.38, 1152, 832}, {1.46, 1216, 832},
    {1.67, 1280, 768}, {1.75, 1344, 768}, {2.0, 1408, 704},  {2.09, 1472, 704}, {2.4, 1536, 640},
    {2.5, 1600, 640},  {3.0, 1728, 576},  {4.0, 2048, 512}};

const Bins kImage2048 = {
    {0.25, 1024, 4096}, {0.26, 1024, 3968}, {0.27, 1024, 3840}, {0.28, 1024, 3712},
    {0.32, 1152, 3584}, {0.33, 1152, 3456}, {0.35, 1152, 3328}, {0.4, 1280, 3200},
    {0.42, 1280, 3072}, {0.48, 1408, 2944}, {0.5, 1408, 2816},  {0.52, 1408, 2688},
    {0.57, 1536, 2688}, {0.6, 1536, 2560},  {0.68, 1664, 2432}, {0.72, 1664, 2304},
    {0.78, 1792, 2304}, {0.82, 1792, 2176}, {0.88, 1920, 2176}, {0.94, 1920, 2048},
    {1.0, 2048, 2048},  {1.07, 2048, 1920}, {1.13, 2176, 1920}, {1.21, 2176, 1792},
    {1.29, 2304, 1792}, {1.38, 2304, 1664}, {1.46, 2432, 1664}, {1.67, 2560, 1536},
    {1.75, 2688, 1536}, {2.0, 2816, 1408},  {2.09, 2944, 1408}, {2.4, 3072, 1280},
    {2.5, 3200, 1280},  {2.89, 3328, 1152}, {3.0, 3456, 1152},  {3.11, 3584, 1152},
    {3.62, 3712, 1024}, {3.75, 3840, 1024}, {3.88, 3968, 1024}, {4.0, 4096, 1024}};

// The tables of half and of double size have the same ratios.
Bins scaled(Bins bins, double factor) {
  for (AspectRatioBin& bin : bins) {
    bin.height = int64_t(double(bin.height) * factor);
    bin.width = int64_t(double(bin.width) * factor);
  }
  return bins;
}

}  // namespace

Bins aspect_ratio_bins(bool is_video, int64_t sample_size) {
  if (is_video) {
    return sample_size == 30 ? kVideo480 : sample_size == 22 ? kVideo720 : Bins{};
  }
  switch (sample_size) {
    case 16:
      return scaled(kImage1024, 0.5);
    case 32:
      return kImage1024;
    case 64:
      return kImage2048;
    case 128:
      return scaled(kImage2048, 2.0);
    default:
      return {};
  }
}

const AspectRatioBin& nearest_bin(const Bins& bins, int64_t height, int64_t width) {
  SANA_ASSERT(!bins.empty());
  const double ratio = double(height) / double(width);
  return *std::min_element(bins.begin(), bins.end(), [ratio](const auto& a, const auto& b) {
    return std::abs(a.ratio - ratio) < std::abs(b.ratio - ratio);
  });
}

at::Tensor resize_and_center_crop(const at::Tensor& video, int64_t height, int64_t width) {
  check_shape("resize_and_center_crop: video", video, {{"B"}, {"C"}, {"F"}, {"H"}, {"W"}});
  const int64_t rows = video.size(3), columns = video.size(4);
  if (rows == height && columns == width) return video;
  const double scale = std::max(double(height) / double(rows), double(width) / double(columns));
  // Truncated like the public pipeline; never below what is to be cut out of it.
  const int64_t scaled_rows = std::max(height, int64_t(double(rows) * scale));
  const int64_t scaled_columns = std::max(width, int64_t(double(columns) * scale));
  const at::Tensor frames = video.transpose(1, 2).flatten(0, 1);  // [B*F, C, H, W]
  const at::Tensor resized =
      at::upsample_bilinear2d(frames, {scaled_rows, scaled_columns}, /*align_corners=*/false);
  return resized.narrow(2, (scaled_rows - height) / 2, height)
      .narrow(3, (scaled_columns - width) / 2, width)
      .unflatten(0, {video.size(0), video.size(2)})
      .transpose(1, 2);
}

}  // namespace sana::infer
