#include "media/encode/video_writer.h"

#include <ATen/ATen.h>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/shape.h"
#include "media/encode/video_encoder.h"
#include "media/picture/png.h"

namespace sana::media {
namespace {

namespace fs = std::filesystem;

WrittenVideo write_frames(const fs::path& folder, const at::Tensor& frames) {
  StagedDirectory staged(folder);
  for (int64_t i = 0; i < frames.size(0); ++i) {
    write_png(staged.path() / fmt::format("frame-{:05}.png", i), frames[i]);
  }
  staged.commit();
  return {folder, false};
}

}  // namespace

WrittenVideo write_video(const fs::path& path, const at::Tensor& frames, double fps) {
  check_shape("write_video: frames", frames, {{"F"}, {"H"}, {"W"}, {"C", 3}});
  if (path.has_parent_path()) ensure_writable_directory(path.parent_path());
  if (path.extension() == ".png") {
    require(frames.size(0) == 1, "{}: {} frames do not fit one picture; give a name ending in .mp4",
            path.string(), frames.size(0));
    write_png(path, frames[0]);
    return {path, false};
  }
  const VideoFormat* format = video_format(path);
  require(format != nullptr, "'{}' must end in {}, or in .png for one frame", path.string(),
          video_endings());
  if (!can_encode_h264() && format->ending == ".mp4") {
    log::warning("no H.264 encoder in this build: writing PNG frames instead of {}", path.string());
    return write_frames(fs::path(path).replace_extension(""), frames);
  }
  StagedFile staged(path);
  encode_video(staged.path(), *format, frames.to(at::kCPU, at::kByte).contiguous(), fps);
  staged.commit();
  return {path, true};
}

}  // namespace sana::media
