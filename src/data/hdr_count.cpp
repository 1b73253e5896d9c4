#include "data/hdr_count.h"

#include <spdlog/fmt/fmt.h>

namespace sana::data {

std::string HdrCount::text() const {
  if (total_ == 0) return {};
  std::string kinds;
  for (auto it = counts_.rbegin(); it != counts_.rend(); ++it) {
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", it->second, hdr_name(it->first));
  }
  const bool is_one = total_ == 1;
  return fmt::format(
      "{} clip{} HDR ({}) and {} read as SDR: colours are flat; convert to SDR (with ffmpeg: "
      "zscale and tonemap), or leave them out by filter's score `hdr`",
      total_, is_one ? " is" : "s are", kinds, is_one ? "was" : "were");
}

}  // namespace sana::data
