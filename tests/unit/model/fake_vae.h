// A VAE without weights: each latent is the mean of its pixels, each pixel its latent. Strides of 4
// frames and 8x8 pixels, one channel.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "model/vae/video_vae.h"

namespace sana_test {

class FakeVae : public sana::model::VideoVae {
 public:
  explicit FakeVae(sana::model::FrameCoupling coupling) : coupling_(coupling) {}

  sana::VaeGeometry geometry() const override;
  sana::model::FrameCoupling frame_coupling() const override { return coupling_; }
  at::Tensor encode(const at::Tensor& video) override;
  at::Tensor decode(const at::Tensor& latents) override;
  std::string identity() const override { return "fake"; }

  int64_t room = std::numeric_limits<int64_t>::max();  // latents that fit before "out of memory"
  std::vector<std::vector<int64_t>> decoded;           // [T, h, w] of every attempt

 private:
  sana::model::FrameCoupling coupling_;
};

}  // namespace sana_test
