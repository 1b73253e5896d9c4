#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <utility>

#include "core/error.h"
#include "media/decode/demuxer.h"
#include "media/decode/frame_decoder.h"
#include "media/decode/frame_pictures.h"
#include "media/decode/video_stream.h"
#include "media/unusable.h"

namespace sana::media {

struct VideoStream::Impl {
  Impl(std::shared_ptr<const ByteSource> bytes, const std::string& name)
      : demuxer(std::move(bytes), name), decoder(demuxer), pictures(demuxer.info()) {}

  Demuxer demuxer;
  FrameDecoder decoder;
  FramePictures pictures;
};

VideoStream::VideoStream(std::shared_ptr<const ByteSource> bytes, const std::string& name)
    : impl_(std::make_unique<Impl>(std::move(bytes), name)) {}
VideoStream::~VideoStream() = default;

const StreamInfo& VideoStream::info() const { return impl_->demuxer.info(); }
bool VideoStream::next() { return impl_->decoder.next(); }
bool VideoStream::next_at(double time_s) { return impl_->decoder.next_at(time_s); }
std::vector<double> VideoStream::stated_times() { return impl_->decoder.stated_times(); }
double VideoStream::time_s() const { return impl_->decoder.time_s(); }
int64_t VideoStream::num_frames() const { return impl_->decoder.num_frames(); }
int64_t VideoStream::num_damaged() const { return impl_->decoder.num_damaged(); }

cv::Mat VideoStream::luma() const { return impl_->pictures.luma(impl_->decoder.frame()); }
cv::Mat VideoStream::bgr(cv::Size size) const {
  return impl_->pictures.bgr(impl_->decoder.frame(), size);
}
SmallPicture VideoStream::small(cv::Size size) const {
  return impl_->pictures.small(impl_->decoder.frame(), size);
}

void VideoStream::check_decoded(bool is_whole) const {
  const int64_t frames = num_frames(), announced = info().announced_frames;
  if (num_damaged() > 0) {
    throw UnusableClip("damaged",
                       fmt::format("{} of {} frames or packets are damaged", num_damaged(), frames),
                       "copy the file again");
  }
  if (frames == 0) throw UnusableClip("cannot decode", "no frame could be decoded", kReencode);
  // Half: some containers only estimate the number, and cuts without re-encoding hide frames.
  if (is_whole && 2 * frames < announced) {
    throw UnusableClip("truncated",
                       fmt::format("{} of {} announced frames could be decoded", frames, announced),
                       "copy the file again");
  }
}

}  // namespace sana::media
#endif
