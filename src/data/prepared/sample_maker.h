// Pixels and a caption to the numbers of a sample: for `prepare`, and for training that encodes.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <utility>

#include "data/prepared/clip_source.h"
#include "data/prepared/prepare.h"
#include "data/prepared/sample_store.h"

namespace sana::data {

class SampleMaker {
 public:
  // encoders: null for pixels.
  explicit SampleMaker(const Encoders* encoders) : encoders_(encoders) {}

  // Throws UserError when the VAE gives something that is not finite or of another shape than its
  // geometry says.
  Sample make(const SourceClip& clip, const std::string& caption);
  // Text features of the empty caption.
  Sample make_null_text() const;

 private:
  // [F, H, W, 3] uint8 -> [C, T, h, w]
  at::Tensor encode(const at::Tensor& pixels) const;
  using EncodeText = decltype(Encoders::text);
  // [L, E] float32, [L] int64
  static std::pair<at::Tensor, at::Tensor> encode_text(const EncodeText& encode,
                                                       const std::string& caption);

  const Encoders* encoders_;
  std::string caption_;  // the last one: clips of one video share it
  at::Tensor text_, mask_;
};

}  // namespace sana::data
