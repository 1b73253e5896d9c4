// Volumes with room for what a convolution reads beyond their borders, so that padding needs no
// copy of the whole.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

namespace sana::model {

// What lies beyond rows and columns. Zeros are left to the convolution and take no room.
enum class BorderFill { kZeros, kReflect, kReplicate };
BorderFill border_fill(const std::string& name);  // "zeros", "reflect", "replicate"

class PaddedVolume {
 public:
  // Room for a volume [B, C, T, H, W] with `before` and `after` more frames, and one more row and
  // column each way unless the borders are zeros. Throws UserError when there is nothing to
  // reflect.
  PaddedVolume(at::IntArrayRef shape, const at::Tensor& like, int64_t before, int64_t after,
               BorderFill borders);

  // The volume itself, to be written.
  at::Tensor interior() const;
  // The volume and the room around it, contiguous: for operations in place that may touch both.
  at::Tensor& all() { return all_; }
  // The volume with the last `count` of the frames before it (valid after filled()).
  at::Tensor interior_with_frames_before(int64_t count) const;
  // Everything, after copying border pixels, then first and last frames, into the room around.
  const at::Tensor& filled();

 private:
  at::Tensor all_;
  int64_t before_, after_;
  BorderFill borders_;
  int64_t margin_;  // rows and columns on each side
};

}  // namespace sana::model
