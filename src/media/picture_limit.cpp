#include "media/picture_limit.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "media/unusable.h"

namespace sana::media {

void check_picture_size(int64_t width, int64_t height, int64_t most) {
  if (width <= 0 || height <= 0) {
    throw UnusableClip("damaged", fmt::format("its header says {}x{} pixels", width, height),
                       "copy the file again");
  }
  if (height <= most / width) return;
  const auto side = int64_t(std::sqrt(double(most)));
  throw UnusableClip("too large", fmt::format("{}x{} pixels", width, height),
                     fmt::format("scale it down; up to {} million pixels ({}x{}) are read",
                                 most / 1'000'000, side, most / side));
}

}  // namespace sana::media
