#include "model/vae/dc_ae.h"

#include <ATen/ATen.h>

#include "checkpoints/public/dc_ae_public.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/dc_ae_models.h"
#include "support/errors.h"
#include "support/tensors.h"

namespace {

using nlohmann::json;
using sana::model::DcAe;
using sana_test::contains;
using sana_test::max_difference;
using sana_test::random_dc_ae;
using sana_test::tiny_dc_ae_json;

std::string refusal_of(json object) {
  return sana_test::message_of<sana::UserError>(
      [&] { sana::checkpoints::dc_ae_config_from_diffusers(object, "config.json"); });
}

}  // namespace

TEST_CASE("an empty DC-AE configuration has the defaults of the public class", "[model][vae]") {
  const auto config = sana::checkpoints::dc_ae_config_from_diffusers(json::object(), "config.json");
  CHECK(config.encoder.size() == 6);
  CHECK(config.encoder[3].layers == 3);
  CHECK(config.encoder[5].width == 1024);
  CHECK(config.decoder[0].layers == 3);
  CHECK(config.decoder[4].scales == std::vector<int64_t>{5});
  CHECK(config.decoder[0].block == "ResBlock");
  CHECK(config.decoder_out_activation == "relu");
  CHECK_FALSE(config.strided_downsampling);
  CHECK_FALSE(config.interpolating_upsampling);
  CHECK(config.encoder_out_shortcut);
  CHECK(config.scaling_factor == 1.0);
  CHECK(config.geometry().stride_h == 32);
  CHECK(config.geometry().latent_frames(7) == 7);
}

TEST_CASE("wrong values of a DC-AE configuration are named", "[model][vae]") {
  const auto with = [](const std::string& key, const json& value) {
    json object = tiny_dc_ae_json();
    object[key] = value;
    return refusal_of(object);
  };
  CHECK(contains(with("encoder_layers_per_block", {1, 1, 1}), "encoder_layers_per_block"));
  CHECK(contains(with("encoder_layers_per_block", {1, 0}), "stage 1"));
  CHECK(contains(with("decoder_block_types", "DenseBlock"), "decoder, stage 0"));
  CHECK(contains(with("decoder_norm_types", "layer_norm"), "norm"));
  CHECK(contains(with("decoder_act_fns", {"silu", "tanh"}), "decoder, stage 1"));
  CHECK(contains(with("encoder_block_out_channels", {8, 7}), "32 is no multiple of 7"));
  CHECK(contains(with("latent_channels", 3), "8 is no multiple of 3"));
  CHECK(contains(with("attention_head_dim", 16), "fewer than one head of 16"));
  CHECK(contains(with("encoder_qkv_multiscales", {json::array(), json::array({4})}), "odd"));
  CHECK(contains(with("scaling_factor", 0), "scaling_factor"));
  CHECK(contains(with("scaling_factor", "big"), "'scaling_factor' is \"big\", expected a number"));
  CHECK(contains(with("encoder_block_out_channels", json::array()), "config.json"));
  CHECK(contains(with("latent_channels", 1LL << 60), "latent_channels"));
  CHECK(contains(refusal_of(json::array()), "JSON object"));
}

TEST_CASE("every kind of DC-AE restores the size of its images", "[model][vae]") {
  at::NoGradGuard no_grad;
  at::manual_seed(11);
  json object = tiny_dc_ae_json();
  object["downsample_block_type"] = GENERATE("pixel_unshuffle", "Conv");
  object["upsample_block_type"] = GENERATE("pixel_shuffle", "interpolate");
  object["encoder_layers_per_block"][0] = object["decoder_layers_per_block"][0] = GENERATE(0, 1);
  object["encoder_out_shortcut"] = object["decoder_in_shortcut"] = GENERATE(true, false);
  DcAe vae = random_dc_ae(object);
  const at::Tensor images = at::rand({2, 3, 12, 20}) * 2 - 1;
  const at::Tensor latents = vae->encode(images);
  CHECK(latents.sizes() == at::IntArrayRef({2, 4, 6, 10}));
  CHECK(vae->decode(latents).sizes() == images.sizes());
  // Images of a batch do not see each other.
  CHECK(max_difference(vae->encode(images.narrow(0, 1, 1)), latents.narrow(0, 1, 1)) < 1e-5);
}

TEST_CASE("as a video VAE a DC-AE takes each frame by its own and scales latents", "[model][vae]") {
  at::NoGradGuard no_grad;
  at::manual_seed(12);
  DcAe vae = random_dc_ae(tiny_dc_ae_json());
  const at::Tensor video = at::rand({2, 3, 3, 8, 8}) * 2 - 1;
  const at::Tensor second = vae->encode(video.select(2, 1)) * 0.5;
  const auto face = sana::model::make_video_vae(vae, at::kCPU, at::kFloat);
  const at::Tensor latents = face->encode(video);
  CHECK(latents.sizes() == at::IntArrayRef({2, 4, 3, 4, 4}));
  CHECK(max_difference(latents.select(2, 1), second) < 1e-5);
  const at::Tensor pixels = face->decode(latents);
  CHECK(pixels.sizes() == video.sizes());
  CHECK(max_difference(pixels.select(2, 2),
                       vae->decode(latents.select(2, 2) / 0.5).clamp(-1.0, 1.0)) < 1e-5);
  CHECK(face->geometry().stride_t == 1);
  CHECK(face->identity() == sana::model::vae_identity(vae));
}

TEST_CASE("images that a DC-AE cannot take are refused", "[model][vae]") {
  DcAe vae = random_dc_ae(tiny_dc_ae_json());
  CHECK_THROWS_WITH(vae->encode(at::zeros({1, 3, 9, 8})),
                    sana_test::ContainsSubstring("multiples of 2"));
  CHECK_THROWS_WITH(vae->encode(at::zeros({1, 4, 8, 8})), sana_test::ContainsSubstring("images"));
  CHECK_THROWS_WITH(vae->decode(at::zeros({1, 3, 8, 8})), sana_test::ContainsSubstring("latents"));
}
