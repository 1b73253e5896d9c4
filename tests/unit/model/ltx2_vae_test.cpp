#include "model/vae/ltx2_vae.h"

#include <ATen/ATen.h>

#include "checkpoints/public/ltx2_vae_public.h"
#include "core/config/json.h"
#include "core/error.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "support/tensors.h"
#include "support/tiny_vaes.h"

namespace {

using nlohmann::json;
using sana::checkpoints::ltx2_vae_config_from_diffusers;
using sana::model::Ltx2Vae;
using sana::model::Ltx2VaeConfig;
using sana_test::ContainsSubstring;
using sana_test::max_difference;

}  // namespace

TEST_CASE("an empty LTX-2 config.json means the defaults of the public class", "[model][ltx2]") {
  const Ltx2VaeConfig config = ltx2_vae_config_from_diffusers(
      json{{"_class_name", "AutoencoderKLLTX2Video"}}, "config.json");
  CHECK(config.decoder_causal);
  CHECK(config.block_out_channels == std::vector<int64_t>{256, 512, 1024, 2048});
  CHECK(config.decoder_spatial_padding_mode == "reflect");
  const auto geometry = config.geometry();
  CHECK(geometry.stride_t == 8);
  CHECK(geometry.stride_h == 32);
  CHECK(geometry.latent_channels == 128);
  CHECK_FALSE(sana::checkpoints::ltx2_vae_public_config().decoder_causal);
}

TEST_CASE("one truth value in an LTX-2 config.json stands for every block", "[model][ltx2]") {
  const json given = {
      {"decoder_block_out_channels", {4, 4}}, {"decoder_layers_per_block", {1, 1, 1}},
      {"upsample_residual", false},           {"upsample_factor", {1, 1}},
      {"decoder_inject_noise", false},        {"spatial_compression_ratio", nullptr}};
  const Ltx2VaeConfig config = ltx2_vae_config_from_diffusers(given, "config.json");
  CHECK(config.upsample_residual == std::vector<bool>{false, false});
  CHECK_FALSE(config.spatial_compression_ratio.has_value());
}

TEST_CASE("variants of the LTX-2 VAE that are not computed are refused by name", "[model][ltx2]") {
  const auto refused = [](const json& given, const std::string& part) {
    CHECK_THROWS_WITH(ltx2_vae_config_from_diffusers(given, "vae/config.json"),
                      ContainsSubstring("vae/config.json") && ContainsSubstring(part));
  };
  refused({{"timestep_conditioning", true}}, "timestep_conditioning");
  refused({{"decoder_inject_noise", {false, true, false, false}}}, "decoder_inject_noise");
  refused({{"encoder_spatial_padding_mode", "circular"}}, "circular");
  refused({{"down_block_types", json::array({"LTXVideo095DownBlock3D", "a", "b", "c"})}},
          "LTXVideo095DownBlock3D");
  refused({{"patch_size_t", 2}}, "patch_size_t");
  refused({{"decoder_casual", false}}, "did you mean 'decoder_causal'");
  refused({{"layers_per_block", {4, 6}}}, "layers_per_block: needs 5 entries, has 2");
  refused({{"block_out_channels", {256, 512, 1000, 2048}}}, "block_out_channels");
  refused({{"upsample_factor", {2, 2, 1}}}, "cannot turn 1024 channels into 512");
  refused({{"latent_channels", 1e15}}, "latent_channels");
  refused(json::array(), "array");
}

TEST_CASE("the public LTX-2 VAE has the published number of parameters", "[model][ltx2]") {
  const Ltx2Vae vae(sana::checkpoints::ltx2_vae_public_config(), at::TensorOptions(at::kMeta));
  int64_t elements = 0;
  for (const auto& [name, tensor] : sana::model::state_dict(*vae)) elements += tensor.numel();
  CHECK(elements == 1222479857);
}

TEST_CASE("the LTX-2 VAE refuses clips that its strides do not divide", "[model][ltx2]") {
  Ltx2Vae vae = sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config());
  CHECK_THROWS_WITH(vae->encode(at::zeros({1, 3, 8, 16, 16})),
                    ContainsSubstring("8 frames") && ContainsSubstring("5 and 9"));
  CHECK_THROWS_WITH(vae->encode(at::zeros({1, 3, 5, 12, 16})), ContainsSubstring("multiples of 8"));
  CHECK_THROWS_WITH(vae->decode(at::zeros({1, 5, 2, 2, 2})), ContainsSubstring("C=4"));
  CHECK_THROWS_WITH(vae->decode(at::zeros({1, 4, 2, 1, 2})), ContainsSubstring("2x2"));
}

TEST_CASE("LTX-2 weights of another configuration are refused by name", "[model][ltx2]") {
  const Ltx2Vae vae = sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config());
  sana::TensorMap weights = sana::model::state_dict(*vae);
  weights.erase("latents_std");
  CHECK_THROWS_WITH(
      sana::model::build_ltx2_vae(sana_test::tiny_ltx2_config(), weights, "vae.safetensors"),
      ContainsSubstring("vae.safetensors") && ContainsSubstring("latents_std"));
  // 60 TB of parameters are never asked for.
  Ltx2VaeConfig huge = sana_test::tiny_ltx2_config();
  huge.block_out_channels = {65536, 65536, 65536};
  CHECK_THROWS_WITH(sana::model::build_ltx2_vae(huge, weights, "vae.safetensors"),
                    ContainsSubstring("65536"));
}

TEST_CASE("a causal LTX-2 encoder does not look ahead, a decoder that is not causal does",
          "[model][ltx2]") {
  at::manual_seed(3);
  Ltx2Vae vae = sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config());
  const at::Tensor video = at::rand({2, 3, 9, 16, 24}) * 2 - 1;
  at::Tensor changed = video.clone();
  changed.narrow(2, 1, 8).zero_();
  const at::Tensor a = vae->encode(video).mean, b = vae->encode(changed).mean;
  CHECK(a.sizes() == at::IntArrayRef({2, 4, 3, 2, 3}));
  CHECK(max_difference(a.narrow(2, 0, 1), b.narrow(2, 0, 1)) < 1e-6);
  CHECK(max_difference(a, b) > 1e-3);
  at::Tensor later = a.clone();
  later.narrow(2, 1, 2).zero_();
  const at::Tensor first = vae->decode(a).narrow(2, 0, 1),
                   other = vae->decode(later).narrow(2, 0, 1);
  CHECK(max_difference(first, other) > 1e-3);
  // A batch is its clips one by one.
  CHECK(max_difference(vae->decode(a)[1], vae->decode(a.narrow(0, 1, 1))[0]) < 1e-5);
}

TEST_CASE("the LTX-2 video VAE gives normalised latents and clamped pixels", "[model][ltx2]") {
  at::manual_seed(8);
  Ltx2Vae vae = sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config());
  const at::Tensor video = at::rand({1, 3, 5, 16, 16}) * 2 - 1;
  const at::Tensor mean = vae->encode(video).mean, pixels = vae->decode(mean);
  const auto statistics = sana::model::state_dict(*vae);
  const at::Tensor expected = (mean - statistics.at("latents_mean").view({1, 4, 1, 1, 1})) /
                              statistics.at("latents_std").view({1, 4, 1, 1, 1});
  const auto face = sana::model::make_video_vae(vae, at::kCPU, at::kFloat);
  CHECK(max_difference(face->encode(video), expected) < 1e-5);
  CHECK(max_difference(face->decode(expected), pixels.clamp(-1.0, 1.0)) < 1e-5);
  CHECK(face->decode(expected * 1000).abs().max().item<double>() <= 1.0);
  CHECK(face->geometry().frames(2) == 5);
  CHECK(face->identity().rfind("ltx2_vae:", 0) == 0);
}

TEST_CASE("an LTX-2 VAE whose halves disagree about sizes is refused", "[model][ltx2]") {
  Ltx2VaeConfig config = sana_test::tiny_ltx2_config();
  config.upsample_type = {"spatial", "spatiotemporal"};
  CHECK_THROWS_WITH(
      sana::model::make_video_vae(sana_test::random_ltx2_vae(config), at::kCPU, at::kFloat),
      ContainsSubstring("upsample_type"));
  config = sana_test::tiny_ltx2_config();
  config.spatial_compression_ratio = 16;
  CHECK_THROWS_WITH(
      sana::model::make_video_vae(sana_test::random_ltx2_vae(config), at::kCPU, at::kFloat),
      ContainsSubstring("spatial_compression_ratio"));
}
