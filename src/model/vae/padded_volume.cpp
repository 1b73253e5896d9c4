#include "model/vae/padded_volume.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/vae/conv3d.h"

namespace sana::model {
namespace {

// Copies the pixels one (replicate) or two (reflect) steps inside onto both ends of `axis`.
void fill_ends(const at::Tensor& volume, int64_t axis, BorderFill borders) {
  const int64_t last = volume.size(axis) - 1, step = borders == BorderFill::kReflect ? 2 : 1;
  volume.select(axis, 0).copy_(volume.select(axis, step));
  volume.select(axis, last).copy_(volume.select(axis, last - step));
}

}  // namespace

BorderFill border_fill(const std::string& name) {
  if (name == "reflect") return BorderFill::kReflect;
  return name == "replicate" ? BorderFill::kReplicate : BorderFill::kZeros;
}

PaddedVolume::PaddedVolume(at::IntArrayRef shape, const at::Tensor& like, int64_t before,
                           int64_t after, BorderFill borders)
    : before_(before),
      after_(after),
      borders_(borders),
      margin_(borders == BorderFill::kZeros ? 0 : 1) {
  require(
      borders != BorderFill::kReflect || (shape[3] > 1 && shape[4] > 1),
      "a convolution that reflects its borders needs 2x2 pixels or more, this volume has {}x{}; "
      "decode a larger picture",
      shape[3], shape[4]);
  all_ = empty_volume({shape[0], shape[1], shape[2] + before + after, shape[3] + 2 * margin_,
                       shape[4] + 2 * margin_},
                      like);
}

at::Tensor PaddedVolume::interior() const { return interior_with_frames_before(0); }

at::Tensor PaddedVolume::interior_with_frames_before(int64_t count) const {
  const int64_t first = before_ - count;
  return all_.narrow(2, first, all_.size(2) - after_ - first)
      .narrow(3, margin_, all_.size(3) - 2 * margin_)
      .narrow(4, margin_, all_.size(4) - 2 * margin_);
}

const at::Tensor& PaddedVolume::filled() {
  const int64_t frames = all_.size(2) - before_ - after_;
  if (borders_ != BorderFill::kZeros) {
    const at::Tensor written = all_.narrow(2, before_, frames);
    fill_ends(written.narrow(3, margin_, written.size(3) - 2 * margin_), 4, borders_);
    fill_ends(written, 3, borders_);  // with the corners
  }
  all_.narrow(2, 0, before_).copy_(all_.narrow(2, before_, 1));
  if (after_ > 0)
    all_.narrow(2, before_ + frames, after_).copy_(all_.narrow(2, before_ + frames - 1, 1));
  return all_;
}

}  // namespace sana::model
