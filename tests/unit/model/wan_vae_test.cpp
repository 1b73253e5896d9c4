#include "model/vae/wan_vae.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/state_dict.h"
#include "model/vae/wan_vae_layers.h"
#include "support/catch.h"
#include "support/tensors.h"
#include "support/tiny_vaes.h"

namespace {

using sana::model::WanVae;
using sana::model::WanVaeConfig;
using sana_test::ContainsSubstring;
using sana_test::max_difference;
using sana_test::random_wan_vae;
using sana_test::tiny_wan_config;

double deviation(const at::Tensor& x) { return x.std().item<double>(); }

}  // namespace

TEST_CASE("a fresh VAE keeps the size of its signal and adds nothing in residual branches",
          "[model][vae]") {
  at::NoGradGuard no_grad;
  at::manual_seed(4);
  sana::model::WanResidualBlock block(8, 8);
  const at::Tensor x = at::randn({1, 8, 5, 6, 7});
  CHECK(at::equal(block(x), x));
  sana::model::FrameAttention attention(8);
  CHECK(at::equal(attention(x), x));
  sana::model::FrameConv2d conv(64, 64, 3, 1, 0);
  const double gain = deviation(conv(at::randn({4, 64, 24, 24})));
  CHECK(gain > 0.9);
  CHECK(gain < 1.1);
  // A narrow posterior: the noise is small beside the mean from the first step on.
  WanVae vae(tiny_wan_config());
  const auto posterior = vae->encode_whole(at::rand({1, 3, 5, 32, 32}) * 2 - 1);
  CHECK(posterior.logvar.mean().item<double>() < -3.0);
}

TEST_CASE("frame chunks with cached features equal the whole clip", "[model][vae]") {
  at::NoGradGuard no_grad;
  at::manual_seed(5);
  WanVae vae = random_wan_vae();
  const int64_t frames = GENERATE(1, 5, 9, 21);
  const at::Tensor video = at::rand({2, 3, frames, 16, 24}) * 2 - 1;
  const auto whole = vae->encode_whole(video), chunked = vae->encode_chunked(video);
  CHECK(whole.mean.sizes() == at::IntArrayRef({2, 3, 1 + (frames - 1) / 4, 2, 3}));
  CHECK(max_difference(whole.mean, chunked.mean) < 1e-5);
  CHECK(max_difference(whole.logvar, chunked.logvar) < 1e-5);
  const at::Tensor pixels = vae->decode_whole(whole.mean);
  CHECK(pixels.sizes() == video.sizes());
  CHECK(max_difference(pixels, vae->decode_chunked(whole.mean)) < 1e-5);
}

TEST_CASE("the first latent frame knows nothing of later frames", "[model][vae]") {
  at::NoGradGuard no_grad;
  at::manual_seed(6);
  WanVae vae = random_wan_vae();
  const at::Tensor video = at::rand({1, 3, 9, 16, 16}) * 2 - 1;
  at::Tensor changed = video.clone();
  changed.narrow(2, 1, 8).zero_();
  const at::Tensor a = vae->encode_whole(video).mean, b = vae->encode_whole(changed).mean;
  CHECK(max_difference(a.narrow(2, 0, 1), b.narrow(2, 0, 1)) < 1e-6);
  CHECK(max_difference(a.narrow(2, 1, 2), b.narrow(2, 1, 2)) > 1e-4);
  CHECK(max_difference(a.narrow(2, 0, 1), vae->encode_whole(video.narrow(2, 0, 1)).mean) < 1e-5);
}

TEST_CASE("normalising latents and back is the identity", "[model][vae]") {
  WanVae vae(tiny_wan_config());
  const at::Tensor z = at::randn({1, 3, 2, 4, 4});
  const at::Tensor n = vae->normalize(z);
  CHECK(max_difference(vae->denormalize(n), z) < 1e-6);
  CHECK(n[0][1][0][0][0].item<double>() ==
        sana_test::Approx((z[0][1][0][0][0].item<double>() + 0.2) / 2.0));
}

TEST_CASE("the public Wan 2.1 VAE has the published number of parameters", "[model][vae]") {
  WanVae vae{WanVaeConfig()};
  CHECK(sana::model::count_parameters(*vae) == 126892531);
}

TEST_CASE("a frame count other than 4k+1 is refused with its neighbours", "[model][vae]") {
  WanVae vae(tiny_wan_config());
  CHECK_THROWS_WITH(vae->encode_whole(at::zeros({1, 3, 80, 16, 16})),
                    ContainsSubstring("80 frames") && ContainsSubstring("77 and 81"));
  CHECK_THROWS_WITH(vae->encode_whole(at::zeros({1, 3, 5, 12, 16})),
                    ContainsSubstring("multiples of 8"));
}

TEST_CASE("the video VAE interface encodes to normalised latents and clamps pixels",
          "[model][vae]") {
  at::manual_seed(8);
  WanVae vae = random_wan_vae();
  const at::Tensor video = at::rand({1, 3, 5, 16, 16}) * 2 - 1;
  at::NoGradGuard no_grad;
  const at::Tensor expected = vae->normalize(vae->encode_whole(video).mean);
  const auto face = sana::model::make_video_vae(vae, at::kCPU, at::kFloat);
  CHECK(max_difference(face->encode(video), expected) < 1e-4);
  const at::Tensor pixels = face->decode(at::randn({1, 3, 2, 2, 2}) * 100);
  CHECK(pixels.sizes() == at::IntArrayRef({1, 3, 5, 16, 16}));
  CHECK(pixels.abs().max().item<double>() <= 1.0);
  CHECK(face->geometry().frames(2) == 5);
}
