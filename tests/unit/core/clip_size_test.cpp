#include "core/geometry/clip_size.h"

#include "core/error.h"
#include "support/catch.h"

namespace {
using sana::ClipSize;
using sana::parse_clip_size;
using sana_test::ContainsSubstring;

TEST_CASE("a text that is not height x width is refused with an example", "[core]") {
  for (const char* text : {"128", "128*224", "0x16", "axb", "128x", "x128", "1x2x3x4", ""}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_clip_size(text), ContainsSubstring("such as 128x224"));
    CHECK_FALSE(sana::try_parse_clip_size(text).has_value());
  }
}

TEST_CASE("a size is read as it is written, with or without frames", "[core]") {
  CHECK(parse_clip_size("128x224x17") == ClipSize{128, 224, 17});
  CHECK(parse_clip_size("128x224") == ClipSize{128, 224, 0});
  CHECK(sana::to_string(ClipSize{128, 224, 17}) == "128x224x17");
  CHECK(ClipSize{128, 224, 17}.pixels() == 128 * 224 * 17);
}

}  // namespace
