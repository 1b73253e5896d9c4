#include "data/prepared/prepare_rules.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "core/error.h"

namespace sana::data {
namespace {

std::string size_text(const ClipSize& size) {
  return fmt::format("{}x{}", size.height, size.width);
}

// The key that the sizes come from, and what to write there for a stride.
std::pair<std::string, std::string> sizes_key(const BucketConfig& config, int64_t stride) {
  if (!config.table.empty()) {
    return {"buckets.table",
            fmt::format("generate sizes instead: table: \"\", multiple: {}", stride)};
  }
  if (!config.sizes.empty()) return {"buckets.sizes", "change these sizes"};
  return {"buckets.multiple", fmt::format("set it to {}", stride)};
}

void check_sizes_for_vae(const BucketConfig& config, const VaeGeometry& geometry,
                         const std::string& vae, config::Problems& problems) {
  std::vector<std::string> misfits;
  const SizeTable table = make_sizes(config);
  for (const ClipSize& size : table.sizes()) {
    if (!geometry.divides(size)) misfits.push_back(size_text(size));
  }
  if (misfits.empty()) return;
  const size_t total = misfits.size();
  misfits.resize(std::min<size_t>(total, 3));
  const auto [key, remedy] = sizes_key(config, std::lcm(geometry.stride_h, geometry.stride_w));
  problems.add(
      key, fmt::format("gives sizes that are no multiples of {}, as the {} needs them ({}{}); {}",
                       geometry.spatial_strides(), vae, fmt::join(misfits, ", "),
                       total > misfits.size() ? ", ..." : "", remedy));
}

// A VAE and what to call it; of pixels there is none.
struct Vae {
  const VaeGeometry& geometry;
  const std::string& name;
};

std::string explain_frames(const ClipConfig& config, const Vae* vae) {
  std::string line = fmt::format("frames: {} at {:g} fps = {:.2f} s per clip", config.frames,
                                 config.fps, double(config.frames) / config.fps);
  if (vae != nullptr) {
    line += fmt::format("; {} ({})", vae->geometry.explanation(config.frames), vae->name);
  }
  return line;
}

std::string explain_shorter(const ClipConfig& config, const Vae* vae) {
  if (config.shorter_frames.empty()) {
    return fmt::format("shorter videos: below {:.2f} s left out",
                       double(config.frames) / config.fps);
  }
  auto lengths = config.shorter_frames;
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  std::vector<std::string> texts;
  for (const int64_t frames : lengths) {
    std::string text = fmt::format("{} ({:.2f} s", frames, double(frames) / config.fps);
    if (vae != nullptr) {
      text += fmt::format(", {} latent frames", vae->geometry.latent_frames(frames));
    }
    texts.push_back(text + ")");
  }
  return fmt::format("shorter videos: the most of {} frames that they cover; below that left out",
                     fmt::join(texts, ", "));
}

std::string explain_windows(const ClipConfig& config) {
  if (config.clips_per_video == 1) return "longer videos: one clip, from the middle";
  return fmt::format("longer videos: up to {} clips without overlap, with equal gaps between them",
                     config.clips_per_video);
}

std::string explain_sizes(const BucketConfig& config) {
  const SizeTable table = make_sizes(config);
  std::string origin = "as listed";
  if (!config.table.empty()) {
    origin = fmt::format("public table {}", config.table);
  } else if (config.sizes.empty()) {
    origin = fmt::format("generated, about {0}x{0} pixels, multiples of {1}, sides up to {2:g}:1",
                         config.base_size, config.multiple, config.max_ratio);
  }
  const auto& sizes = table.sizes();
  const std::string range = sizes.size() == 1
                                ? size_text(sizes[0])
                                : fmt::format("{} sizes from {} to {}", sizes.size(),
                                              size_text(sizes.front()), size_text(sizes.back()));
  return fmt::format(
      "sizes (height x width): {}, {}; each clip goes to the one nearest in shape, is scaled to "
      "fill it, and what stands over is cut off on both sides",
      range, origin);
}

std::vector<std::string> explain(const ClipConfig& config, const std::string& only,
                                 const Vae* vae) {
  std::vector<std::string> lines;
  if (only != "images") {
    lines.push_back(explain_frames(config, vae));
    lines.push_back(explain_shorter(config, vae));
    lines.push_back(explain_windows(config));
    lines.push_back(
        fmt::format("frame rate: a video at another rate keeps the frame nearest in time to every "
                    "1/{:g} s; a slower one repeats frames",
                    config.fps));
  }
  if (only != "videos") {
    std::string line = "images: clips of one frame";
    if (vae != nullptr) {
      line += fmt::format(" -> {} latent frame", vae->geometry.latent_frames(1));
    }
    lines.push_back(line);
  }
  lines.push_back(explain_sizes(config.buckets));
  return lines;
}

}  // namespace

void check_for_vae(const ClipConfig& config, const std::string& only, const VaeGeometry& geometry,
                   const std::string& vae, config::Problems& problems) {
  if (only != "images") {
    if (const auto complaint = geometry.complaint(config.frames, vae); !complaint.empty()) {
      problems.add("frames", complaint);
    }
    for (const int64_t shorter : config.shorter_frames) {
      if (const auto complaint = geometry.complaint(shorter, vae); !complaint.empty()) {
        problems.add("shorter_frames", complaint);
      }
    }
  }
  check_sizes_for_vae(config.buckets, geometry, vae, problems);
}

void require_fit(const ClipConfig& config, const std::string& only, const VaeGeometry& geometry,
                 const std::string& vae) {
  config::Problems problems;
  check_for_vae(config, only, geometry, vae, problems);
  if (problems.empty()) return;
  throw UserError(
      fmt::format("{}: {}", problems.all().front().key, problems.all().front().message));
}

std::vector<std::string> explain_rules(const ClipConfig& config, const std::string& only) {
  return explain(config, only, nullptr);
}

std::vector<std::string> explain_rules(const ClipConfig& config, const std::string& only,
                                       const VaeGeometry& geometry, const std::string& vae) {
  const Vae named{geometry, vae};
  return explain(config, only, &named);
}

}  // namespace sana::data
