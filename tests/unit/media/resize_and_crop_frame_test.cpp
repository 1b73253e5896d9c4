#include "media/picture/resize_and_crop_frame.h"

#include <ATen/ATen.h>

#include "core/build_config.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"

namespace sana::media {

#if SANA_HAS_VIDEO_IO
TEST_CASE("shrinking is antialiased: a fine checkerboard becomes grey, not black or white",
          "[media]") {
  const at::Tensor rows = at::arange(256).unsqueeze(1), columns = at::arange(256).unsqueeze(0);
  const at::Tensor board = ((rows + columns) % 2 * 255).to(at::kByte);
  const at::Tensor frame = board.unsqueeze(2).expand({256, 256, 3}).contiguous();
  const at::Tensor small = resize_and_crop_frame(frame, 60, 60).to(at::kFloat);
  CHECK(small.max().item<float>() < 150);
  CHECK(small.min().item<float>() > 105);
}

TEST_CASE("resizing fills the bucket and crops the centre", "[media]") {
  // Thirds of red, green and blue, wide: a square crop keeps the green third only.
  at::Tensor frame = at::zeros({30, 90, 3}, at::kByte);
  for (int64_t third = 0; third < 3; ++third) {
    frame.narrow(1, 30 * third, 30).select(2, third).fill_(255);
  }
  for (const int64_t side : {16, 30, 64}) {
    const at::Tensor crop = resize_and_crop_frame(frame, side, side);
    REQUIRE(crop.sizes() == at::IntArrayRef({side, side, 3}));
    const at::Tensor inner = crop.narrow(1, 3, side - 6);
    CHECK(inner.select(2, 1).ge(250).all().item<bool>());
    CHECK(inner.select(2, 0).le(5).all().item<bool>());
  }
  // Pixels twice as wide as high: the same picture is 180 wide.
  const at::Tensor stretched = resize_and_crop_frame(frame, 30, 180, /*pixel_aspect=*/2.0);
  CHECK(stretched.narrow(1, 66, 48).select(2, 1).ge(250).all().item<bool>());
}

#else
TEST_CASE("without OpenCV a frame is not resized, and the error says what to do", "[media]") {
  const auto message = sana_test::message_of<EnvironmentError>([] {
    resize_and_crop_frame(at::zeros({4, 4, 3}, at::kByte), 2, 2);
  });
  CHECK(sana_test::contains(message, "libopencv-dev"));
}
#endif

}  // namespace sana::media
