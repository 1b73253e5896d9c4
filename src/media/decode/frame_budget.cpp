#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include "media/decode/frame_budget.h"

namespace sana::media {
namespace {

// A buffer of a frame, counted until nobody holds it. Decoders run in one thread.
struct Counted {
  AVBufferRef* buffer;
  int64_t bytes;
  std::shared_ptr<int64_t> used;
};

void release(void* opaque, uint8_t*) {
  const std::unique_ptr<Counted> counted(static_cast<Counted*>(opaque));
  *counted->used -= counted->bytes;
  av_buffer_unref(&counted->buffer);
}

// Of the vectors and modes of each block, which H.264's decoder keeps with a frame.
int64_t bytes_beside(const AVFrame& frame) { return int64_t(frame.width) * frame.height * 5 / 4; }

}  // namespace

void FrameBudget::watch(AVCodecContext& codec) {
  codec.opaque = this;
  codec.get_buffer2 = get_frame;
}

int FrameBudget::get_frame(AVCodecContext* codec, AVFrame* frame, int flags) {
  auto& budget = *static_cast<FrameBudget*>(codec->opaque);
  const int64_t planes =
      av_image_get_buffer_size(AVPixelFormat(frame->format), frame->width, frame->height, 1);
  if (planes > 0 && *budget.used_ + planes + bytes_beside(*frame) > budget.most_bytes_) {
    budget.is_exceeded_ = true;
    return AVERROR(ENOMEM);
  }
  const int status = avcodec_default_get_buffer2(codec, frame, flags);
  return status < 0 ? status : budget.wrap(*frame);
}

int FrameBudget::wrap(AVFrame& frame) {
  int64_t beside = bytes_beside(frame);
  for (AVBufferRef*& buffer : frame.buf) {
    if (buffer == nullptr) break;
    auto counted =
        std::make_unique<Counted>(Counted{buffer, int64_t(buffer->size) + beside, used_});
    AVBufferRef* wrapped = av_buffer_create(buffer->data, buffer->size, release, counted.get(), 0);
    if (wrapped == nullptr) {
      av_frame_unref(&frame);
      return AVERROR(ENOMEM);
    }
    *used_ += counted->bytes;
    counted.release();  // by now the wrapper's
    buffer = wrapped;
    beside = 0;  // counted with the first
  }
  return 0;
}

}  // namespace sana::media
#endif
