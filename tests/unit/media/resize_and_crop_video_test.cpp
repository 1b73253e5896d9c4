#include "media/picture/resize_and_crop_video.h"

#include <ATen/ATen.h>

#include "support/catch.h"

using sana::media::resize_and_crop_video;

TEST_CASE("the middle of the resized video is cut out", "[media]") {
  const at::Tensor video = at::arange(16, at::kFloat).view({1, 1, 1, 2, 8});
  CHECK(resize_and_crop_video(video, 2, 8).data_ptr() == video.data_ptr());
  const at::Tensor narrow = resize_and_crop_video(video, 2, 4);
  CHECK(at::equal(narrow, video.narrow(4, 2, 4)));
  const at::Tensor larger = resize_and_crop_video(video, 4, 4);
  CHECK(larger.sizes() == at::IntArrayRef({1, 1, 1, 4, 4}));
  // Twice the size: columns 6..9 of 16, which lie at 2.75, 3.25, 3.75, 4.25 of the original.
  CHECK(at::allclose(larger[0][0][0][0], at::tensor({2.75f, 3.25f, 3.75f, 4.25f})));
  const at::Tensor two = at::cat({video, video + 100}, 2);
  CHECK(at::allclose(resize_and_crop_video(two, 4, 4)[0][0][1], larger[0][0][0] + 100));
}
