#include "model/vae/dc_ae_video.h"

#include <ATen/ATen.h>

#include "checkpoints/public/dc_ae_video_public.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/dc_ae_models.h"
#include "support/errors.h"
#include "support/key_table.h"
#include "support/tensors.h"

namespace {

using sana::model::DcAeVideo;
using sana::model::DcAeVideoConfig;
using sana_test::contains;
using sana_test::ContainsSubstring;
using sana_test::max_difference;

constexpr const char* kVideoKeys = "dcae_v_f32t4c32.tsv";

// 4 x 4 x 4 compression in chunks of 8 frames.
DcAeVideoConfig tiny_dc_ae_video_config() {
  DcAeVideoConfig config;
  config.latent_channels = 5;
  config.widths = {4, 8, 8};
  config.depths = {1, 1, 2};
  config.chunk_frames = 8;
  config.scaling_factor = {0.5};
  return config;
}

DcAeVideo random_dc_ae_video() {
  at::manual_seed(21);
  const DcAeVideoConfig config = tiny_dc_ae_video_config();
  return sana::model::build_dc_ae_video(config, sana_test::random_weights(*DcAeVideo(config)),
                                        "test");
}

at::Tensor random_clip(int64_t frames) { return at::rand({1, 3, frames, 8, 12}) * 2 - 1; }

// The frames (or latents) whose values differ, "1" each.
std::string differing_frames(const at::Tensor& a, const at::Tensor& b) {
  std::string text;
  for (int64_t t = 0; t < a.size(2); ++t) {
    text += max_difference(a.select(2, t), b.select(2, t)) > 1e-6 ? '1' : '0';
  }
  return text;
}

sana::TensorMap public_dc_ae_video_tensors() {
  sana::TensorMap tensors;
  for (const auto& row : sana_test::read_key_table(kVideoKeys)) {
    tensors.emplace(row[0], sana_test::stand_in(sana_test::parse_shape(row[1])));
  }
  return tensors;
}

}  // namespace

TEST_CASE("the public DC-AE-V has the names, shapes and total of its checkpoint", "[model][vae]") {
  const sana::TensorMap table = public_dc_ae_video_tensors();
  const auto config = sana::checkpoints::dc_ae_video_config_from_weights(table, "vae.pt");
  CHECK(config.widths == DcAeVideoConfig().widths);
  CHECK(config.depths == DcAeVideoConfig().depths);
  CHECK(config.latent_channels == 32);
  CHECK(config.scaling_factor == std::vector<double>{0.8018});
  const DcAeVideo vae(config);
  const sana::TensorMap own = sana::model::state_dict(*vae);
  CHECK(table.size() == 340);
  CHECK(own.size() == table.size());
  for (const auto& [name, tensor] : table) {
    INFO(name);
    REQUIRE(own.count(name) == 1);
    CHECK(own.at(name).sizes() == tensor.sizes());
  }
  CHECK(sana::model::count_parameters(*vae) == 2138635436);
  CHECK(config.geometry().stride_h == 32);
}

TEST_CASE("the smaller public DC-AE-V is recognised by its names", "[model][vae]") {
  const auto config =
      sana::checkpoints::dc_ae_video_config_by_name("st-dc-ae-f32t4c32-chunked-causal-40-0.4");
  const DcAeVideo vae(config);
  const sana::TensorMap own = sana::model::state_dict(*vae);
  CHECK(own.size() == 270);
  CHECK(sana::model::count_parameters(*vae) == 1961668268);
  const auto again = sana::checkpoints::dc_ae_video_config_from_weights(own, "vae.pt");
  CHECK(again.depths == config.depths);
  CHECK(again.scaling_factor == std::vector<double>{1.2041});
}

TEST_CASE("video autoencoders have names, and others are refused with a list", "[model][vae]") {
  const auto by_name = sana::checkpoints::dc_ae_video_config_by_name;
  CHECK(by_name("st-dc-ae-f32t4c32").chunk_frames == 32);
  CHECK(by_name("st-dc-ae-f32t4c32").scaling_factor[0] == 0.7389);
  CHECK(by_name("st-dc-ae-f32t4c32-chunk40-ivj").scaling_factor[0] == 0.7241);
  CHECK_THROWS_WITH(by_name("wan"), ContainsSubstring("wan") && ContainsSubstring("chunk40-ivj"));
}

TEST_CASE("chunk after chunk with cached features equals the whole clip at once", "[model][vae]") {
  at::NoGradGuard no_grad;
  DcAeVideo vae = random_dc_ae_video();
  const int64_t frames = GENERATE(8, 16, 24);
  const at::Tensor video = random_clip(frames);
  const at::Tensor latents = vae->encode(video);
  CHECK(latents.sizes() == at::IntArrayRef({1, 5, frames / 4, 2, 3}));
  CHECK(max_difference(vae->encode_whole(video), latents) < 1e-5);
  const at::Tensor pixels = vae->decode(latents);
  CHECK(pixels.sizes() == video.sizes());
  CHECK(max_difference(vae->decode_whole(latents), pixels) < 1e-5);
}

TEST_CASE("frames see their own chunk and earlier ones, never later ones", "[model][vae]") {
  at::NoGradGuard no_grad;
  DcAeVideo vae = random_dc_ae_video();
  const at::Tensor video = random_clip(24);
  const auto changed_at = [&](const at::Tensor& x, int64_t t) {
    at::Tensor changed = x.clone();
    changed.select(2, t).add_(0.5);
    return changed;
  };
  const at::Tensor latents = vae->encode(video);
  CHECK(differing_frames(latents, vae->encode(changed_at(video, 8))) == "001111");
  CHECK(differing_frames(latents, vae->encode(changed_at(video, 16))) == "000011");
  CHECK(differing_frames(latents, vae->encode(changed_at(video, 7))).substr(0, 2) == "11");
  const at::Tensor pixels = vae->decode(latents);
  const std::string seen = differing_frames(pixels, vae->decode(changed_at(latents, 2)));
  CHECK(seen.substr(0, 8) == "00000000");
  CHECK(seen.substr(8, 8) == "11111111");
  CHECK(seen[16] == '1');
}

TEST_CASE("the rest behind the last whole chunk is convolved by itself", "[model][vae]") {
  at::NoGradGuard no_grad;
  DcAeVideo vae = random_dc_ae_video();
  const at::Tensor video = random_clip(12);
  const at::Tensor latents = vae->encode(video);
  CHECK(latents.size(2) == 3);
  CHECK(max_difference(latents.narrow(2, 0, 2), vae->encode(video.narrow(2, 0, 8))) < 1e-5);
  CHECK(max_difference(latents.narrow(2, 2, 1), vae->encode(video.narrow(2, 8, 4))) < 1e-5);
  CHECK(vae->decode(latents).size(2) == 12);
}

TEST_CASE("a lone image is encoded as four equal frames", "[model][vae]") {
  at::NoGradGuard no_grad;
  DcAeVideo vae = random_dc_ae_video();
  const at::Tensor image = random_clip(1);
  const at::Tensor latents = vae->encode(image);
  CHECK(latents.size(2) == 1);
  CHECK(max_difference(latents, vae->encode(image.expand({1, 3, 4, 8, 12}))) < 1e-6);
}

TEST_CASE("clips of a batch do not see each other", "[model][vae]") {
  at::NoGradGuard no_grad;
  DcAeVideo vae = random_dc_ae_video();
  const at::Tensor videos = at::cat({random_clip(16), random_clip(16)});
  const at::Tensor latents = vae->encode(videos);
  CHECK(max_difference(latents.narrow(0, 1, 1), vae->encode(videos.narrow(0, 1, 1))) < 1e-5);
  CHECK(max_difference(vae->encode_whole(videos), latents) < 1e-5);
}

TEST_CASE("as a video VAE DC-AE-V scales its latents", "[model][vae]") {
  at::NoGradGuard no_grad;
  DcAeVideo vae = random_dc_ae_video();
  const at::Tensor video = random_clip(8);
  const at::Tensor expected = vae->encode(video) * 0.5;
  const auto face = sana::model::make_video_vae(vae, at::kCPU, at::kFloat);
  const at::Tensor latents = face->encode(video);
  CHECK(max_difference(latents, expected) < 1e-5);
  CHECK(max_difference(face->decode(latents), vae->decode(latents / 0.5).clamp(-1.0, 1.0)) < 1e-5);
  CHECK(face->identity() == sana::model::vae_identity(vae));
  DcAeVideoConfig config = tiny_dc_ae_video_config();
  config.scaling_factor = {1, 2, 3, 4, 5};
  const DcAeVideo scaled(config);
  const at::Tensor z = at::ones({1, 5, 1, 1, 1});
  CHECK(at::equal(scaled->normalize(z).flatten(), at::arange(1, 6, at::kFloat)));
  CHECK(max_difference(scaled->denormalize(scaled->normalize(z)), z) < 1e-6);
}

TEST_CASE("without a lone first frame clips have 4k frames", "[model][vae]") {
  const auto geometry = tiny_dc_ae_video_config().geometry();
  CHECK(geometry.latent_frames(80) == 20);
  CHECK(geometry.latent_frames(1) == 1);
  CHECK(geometry.frames(20) == 80);
  CHECK(geometry.accepts(4));
  CHECK_FALSE(geometry.accepts(81));
  CHECK_FALSE(geometry.accepts(0));
  CHECK(geometry.accepted_up_to(81) == 80);
  CHECK(geometry.accepted_up_to(3) == 0);
  CHECK_THROWS_WITH(sana::check_frame_count("clip", 81, geometry),
                    ContainsSubstring("must be 4k for") && ContainsSubstring("80 and 84"));
  CHECK_THROWS_WITH(sana::check_frame_count("clip", 2, geometry), ContainsSubstring("4 and 8"));
  DcAeVideo vae = random_dc_ae_video();
  CHECK_THROWS_WITH(vae->encode(random_clip(9)), ContainsSubstring("8 and 12"));
  CHECK_THROWS_WITH(vae->encode(at::zeros({1, 3, 8, 8, 10})), ContainsSubstring("multiples of 4"));
  CHECK_THROWS_WITH(vae->decode(at::zeros({1, 4, 2, 2, 2})), ContainsSubstring("latents"));
}

TEST_CASE("weights and configurations that are no DC-AE-V are refused", "[model][vae]") {
  const auto refused = [](const sana::TensorMap& tensors) {
    return sana_test::message_of<sana::UserError>(
        [&] { sana::checkpoints::dc_ae_video_config_from_weights(tensors, "vae.pt"); });
  };
  CHECK(contains(refused({}), "vae.pt"));
  sana::TensorMap flat = public_dc_ae_video_tensors();
  flat["encoder.stages.2.op_list.0.main.conv1.conv.weight"] = at::zeros({4, 4, 3, 3});
  CHECK(contains(refused(flat), "expected 5"));

  sana::TensorMap weights = sana_test::random_weights(*DcAeVideo(tiny_dc_ae_video_config()));
  weights.erase("decoder.project_in.conv.bias");
  CHECK_THROWS_WITH(sana::model::build_dc_ae_video(tiny_dc_ae_video_config(), weights, "vae.pt"),
                    ContainsSubstring("decoder.project_in.conv.bias"));

  const auto complaint = [](const nlohmann::json& json) {
    return sana_test::message_of<sana::UserError>(
        [&] { sana::checkpoints::dc_ae_video_config_from_json(json, "config.json"); });
  };
  CHECK(contains(complaint({{"widths", {8, 8}}}), "depths"));
  CHECK(contains(complaint({{"widths", {8, 6, 8, 8, 8, 8}}}), "multiples of 4"));
  CHECK(contains(complaint({{"widths", {4, 4, 4, 4, 4, 12}}}), "12 is no divisor"));
  CHECK(contains(complaint({{"chunk_frames", 10}}), "multiple of 4"));
  CHECK(contains(complaint({{"scaling_factor", {1.0, 2.0}}}), "1 or 32"));
  CHECK(contains(complaint({{"width", {8, 8}}}), "width"));
}
