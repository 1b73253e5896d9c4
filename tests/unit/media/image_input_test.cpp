#include "media/picture/image_input.h"

#include <ATen/ATen.h>

#include <fstream>

#include "core/build_config.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "media/picture/png.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

using sana::media::first_frame;
using sana::media::lanczos_resize;
using sana::media::read_image;

namespace {

// The image whose resized values are compared with those of Pillow 11 (Image.LANCZOS).
at::Tensor pattern() {
  return (at::arange(7 * 9 * 3, at::kLong) * 37 % 251).to(at::kByte).view({7, 9, 3});
}

}  // namespace

TEST_CASE("Lanczos resampling gives what Pillow gives", "[media]") {
  const at::Tensor smaller =
      at::tensor({118, 80, 117, 162, 69,  109, 127, 173, 71,  100, 133, 170, 89,  125, 162,
                  193, 84, 109, 142, 176, 101, 121, 155, 51,  88,  127, 162, 75,  117, 154,
                  172, 78, 99,  135, 194, 91,  109, 144, 154, 90,  119, 152, 90,  107, 144,
                  166, 69, 91,  128, 179, 83,  90,  136, 193, 127, 110, 144, 185, 99,  136},
                 at::kByte);
  CHECK(at::equal(lanczos_resize(pattern(), 4, 5).flatten(), smaller));
  const at::Tensor larger = lanczos_resize(pattern(), 13, 11);
  CHECK(at::equal(larger[0].flatten().narrow(0, 0, 9),
                  at::tensor({0, 30, 66, 56, 133, 171, 212, 80, 103}, at::kByte)));
  CHECK(at::equal(larger[12].flatten().narrow(0, 27, 6),
                  at::tensor({206, 45, 82, 96, 150, 187}, at::kByte)));
  const at::Tensor tall = lanczos_resize(pattern().view({9, 7, 3}), 4, 8);  // rows first
  CHECK(at::equal(tall[0].flatten().narrow(0, 0, 9),
                  at::tensor({12, 46, 82, 93, 155, 211, 206, 57, 95}, at::kByte)));
  CHECK(at::equal(tall[3].flatten().narrow(0, 18, 6),
                  at::tensor({214, 54, 42, 86, 135, 171}, at::kByte)));
  const at::Tensor same = lanczos_resize(pattern(), 7, 9);
  CHECK(at::equal(same, pattern()));
}

TEST_CASE("a first frame is in [-1, 1], channels first", "[media]") {
  const at::Tensor frame = first_frame(pattern(), 7, 9);
  CHECK(frame.sizes() == at::IntArrayRef({1, 3, 1, 7, 9}));
  CHECK(std::abs(frame[0][1][0][0][0].item<float>() - (37.0f / 255.0f * 2.0f - 1.0f)) < 1e-6f);
}

#if SANA_HAS_VIDEO_IO
TEST_CASE("an image file is read as RGB, another file is refused by name", "[media]") {
  const sana_test::TemporaryDirectory folder;
  sana::media::write_png(folder / "a.png", pattern());
  CHECK(at::equal(read_image(folder / "a.png"), pattern()));
  std::ofstream(folder / "b.png") << "not an image";
  CHECK_THROWS_WITH(read_image(folder / "b.png"), sana_test::ContainsSubstring("b.png"));
  std::ofstream(folder / "empty.png");
  CHECK_THROWS_WITH(read_image(folder / "empty.png"), sana_test::ContainsSubstring("empty.png"));
}
#endif

TEST_CASE("an image may come as a tensor, in every build", "[media]") {
  const sana_test::TemporaryDirectory folder;
  sana::save_safetensors(folder / "a.safetensors", {{"image", pattern()}});
  CHECK(at::equal(read_image(folder / "a.safetensors"), pattern()));
  sana::save_safetensors(folder / "b.safetensors", {{"image", pattern().to(at::kFloat)}});
  CHECK_THROWS_WITH(read_image(folder / "b.safetensors"),
                    sana_test::ContainsSubstring("must be uint8"));
}
