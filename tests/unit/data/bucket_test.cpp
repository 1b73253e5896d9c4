#include "data/clips/bucket.h"

#include "core/config/config.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

TEST_CASE("a clip goes to the size whose shape is nearest on a logarithmic scale", "[data]") {
  BucketConfig config;
  config.sizes = {"128x224", "224x128", "160x160"};
  const auto sizes = make_sizes(config);
  CHECK(to_string(sizes.nearest(1080, 1920)) == "128x224x0");
  CHECK(to_string(sizes.nearest(1920, 1080)) == "224x128x0");
  CHECK(to_string(sizes.nearest(500, 520)) == "160x160x0");
  // 4:3 lies nearer to 7:4 than to 1:1 linearly (0.42 and 0.33 apart the other way round), but the
  // logarithms decide: ln(4/3) = 0.288 from square, 0.272 from 7:4.
  CHECK(to_string(sizes.nearest(480, 640)) == "128x224x0");
}

TEST_CASE("a public table decides by the ratios that it states", "[data]") {
  BucketConfig config;
  config.table = "480p";
  const auto sizes = make_sizes(config);
  CHECK(sizes.sizes().size() == 11);
  CHECK(to_string(sizes.nearest(1080, 1920)) == "480x832x0");
  CHECK(to_string(sizes.nearest(1920, 1080)) == "832x480x0");
  // 1.71 is halfway between the stated 1.67 (816x496, in truth 1.645) and 1.75 (832x480, 1.733).
  CHECK(to_string(sizes.nearest(1.7099, 1)) == "816x496x0");
  CHECK(to_string(sizes.nearest(1.7101, 1)) == "832x480x0");
  const std::string message = error_of([] {
    sana::config::load_text<PrepareConfig>(
        "source: a\noutput: b\nbuckets: {table: 480p, sizes: [64x64]}\n", "test.yaml");
  });
  CHECK(contains(message, "use one of them"));
}

TEST_CASE("generated sizes have the asked area, multiples and range of shapes", "[data]") {
  BucketConfig config;
  config.base_size = 480;
  config.multiple = 32;
  config.max_ratio = 2.0;
  const auto sizes = make_sizes(config);
  REQUIRE(sizes.sizes().size() >= 8);
  for (const auto& size : sizes.sizes()) {
    INFO(to_string(size));
    CHECK(size.height % 32 == 0);
    CHECK(size.width % 32 == 0);
    CHECK(double(size.height * size.width) == sana_test::Approx(480.0 * 480.0).epsilon(0.08));
    CHECK(std::max(size.height, size.width) <= 2 * std::min(size.height, size.width));
  }
  CHECK(std::is_sorted(sizes.sizes().begin(), sizes.sizes().end()));
}

TEST_CASE("the prepare section names a wrong size and its key", "[data]") {
  const std::string message = error_of([] {
    sana::config::load_text<PrepareConfig>(
        "source: a\noutput: b\nframes: 17\nbuckets: {sizes: [128]}\n", "test.yaml");
  });
  CHECK(contains(message, "buckets.sizes"));
  CHECK(contains(message, "128x224"));
}

}  // namespace
}  // namespace sana::data
