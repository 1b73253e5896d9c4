#include "core/geometry/aspect_ratio_bins.h"

#include "support/catch.h"

using sana::aspect_ratio_bins;
using sana::AspectRatioBin;
using sana::nearest_bin;
using sana::stage_bins;

namespace {

std::pair<int64_t, int64_t> bin(bool is_video, int64_t sample_size, int64_t height, int64_t width) {
  const auto bins = aspect_ratio_bins(is_video, sample_size);
  const sana::ClipSize nearest = nearest_bin(bins, double(height), double(width)).size;
  return {nearest.height, nearest.width};
}

}  // namespace

TEST_CASE("the nearest ratio of the public tables is taken", "[core]") {
  CHECK(bin(true, 30, 480, 832) == std::pair<int64_t, int64_t>(480, 832));
  CHECK(bin(true, 30, 720, 1280) == std::pair<int64_t, int64_t>(480, 832));
  CHECK(bin(true, 30, 100, 100) == std::pair<int64_t, int64_t>(624, 624));
  CHECK(bin(true, 22, 1920, 1080) == std::pair<int64_t, int64_t>(1280, 704));
  CHECK(bin(true, 22, 100, 1000) == std::pair<int64_t, int64_t>(672, 1344));
  CHECK(bin(false, 32, 1000, 1000) == std::pair<int64_t, int64_t>(1024, 1024));
  CHECK(bin(false, 16, 512, 1024) == std::pair<int64_t, int64_t>(352, 704));
  CHECK(bin(false, 128, 4096, 1000) == std::pair<int64_t, int64_t>(8192, 2048));
  CHECK(aspect_ratio_bins(true, 32).empty());
  CHECK(aspect_ratio_bins(false, 30).empty());
}

TEST_CASE("every bin has the ratio of its key", "[core]") {
  for (const auto& [is_video, size] :
       {std::pair(true, 30), {true, 22}, {false, 16}, {false, 32}, {false, 64}, {false, 128}}) {
    for (const AspectRatioBin& b : aspect_ratio_bins(is_video, size)) {
      INFO(b.size.height << "x" << b.size.width);
      CHECK(std::abs(double(b.size.height) / double(b.size.width) - b.ratio) < 0.11);
      CHECK(b.size.height % 16 == 0);
      CHECK(b.size.width % 16 == 0);
    }
  }
}

TEST_CASE("each stage has its table", "[core]") {
  CHECK(stage_bins("256p").size() == 33);
  CHECK(nearest_bin(stage_bins("256p"), 1080, 1920).size.width == 336);
  CHECK(nearest_bin(stage_bins("480p"), 1080, 1920).size.width == 832);
  CHECK(nearest_bin(stage_bins("720p"), 1080, 1920).size.width == 1280);
  CHECK(stage_bins("1080p").empty());
  for (const AspectRatioBin& b : stage_bins("720p"))
    CHECK((b.size.height % 32 == 0 && b.size.width % 32 == 0));
}
