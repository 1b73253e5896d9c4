#include "media/picture/resize_and_crop_video.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/shape.h"

namespace sana::media {

at::Tensor resize_and_crop_video(const at::Tensor& video, int64_t height, int64_t width) {
  check_shape("resize_and_crop_video: video", video, {{"B"}, {"C"}, {"F"}, {"H"}, {"W"}});
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

}  // namespace sana::media
