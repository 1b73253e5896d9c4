#include "checkpoints/public/transformer_config.h"

#include "checkpoints/public/dit_names.h"
#include "checkpoints/public/infer_config.h"
#include "checkpoints/public/public_models.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/tiny_dit.h"

namespace sana {
namespace {

using checkpoints::infer_transformer_config;
using checkpoints::TransformerConfig;
using sana_test::contains;
using sana_test::message_of;
using sana_test::tiny_dit_json;

TransformerConfig sized(bool is_video, int64_t dim, int64_t heads, int64_t cross, int64_t layers,
                        int64_t channels, int64_t patch) {
  TransformerConfig config;
  config.is_video = is_video;
  config.hidden_dim = dim;
  config.num_heads = heads;
  config.num_cross_heads = cross;
  config.num_layers = layers;
  config.in_channels = config.out_channels = channels;
  config.patch_size = {1, patch, patch};
  config.mlp_ratio = is_video ? 3.0 : 2.5;
  config.sample_size = !is_video ? 32 : patch == 2 ? 30 : 22;
  config.has_qk_norm = is_video;
  return config;
}

}  // namespace

TEST_CASE("sizes of public models are read off their tensors, under either name", "[config]") {
  TransformerConfig sprint = sized(false, 1152, 36, 16, 28, 32, 1);
  sprint.has_qk_norm = sprint.has_guidance = true;
  const std::vector<std::pair<std::string, TransformerConfig>> models = {
      {"SANA-Video 2B 480p (Wan VAE)", sized(true, 2240, 20, 20, 20, 16, 2)},
      {"SANA-Video 2B 720p (DC-AE-V)", sized(true, 2240, 20, 20, 20, 32, 1)},
      {"SANA-Video 2B 720p (LTX-2 VAE)", sized(true, 2240, 20, 20, 20, 128, 1)},
      {"SANA 1.6B text-to-image", sized(false, 2240, 70, 20, 20, 32, 1)},
      {"SANA-Sprint 0.6B text-to-image", sprint}};
  for (const auto& [name, config] : models) {
    INFO(name);
    for (const auto& shapes :
         {checkpoints::original_dit_shapes(config), checkpoints::public_dit_shapes(config)}) {
      const auto inferred = infer_transformer_config(shapes, "it");
      CHECK(inferred.note.empty());
      CHECK(to_json(inferred.config) == to_json(config));
      CHECK(checkpoints::public_model_name(inferred.config) == name);
    }
  }
  CHECK(checkpoints::public_model_name(models[0].second, /*is_distilled=*/true) ==
        "LongSANA 2B 480p (Wan VAE)");
}

TEST_CASE("heads of unusual sizes are a guess that says so", "[config]") {
  const auto shapes = checkpoints::public_dit_shapes(sized(true, 224, 4, 4, 1, 16, 2));
  const auto inferred = infer_transformer_config(shapes, "it");
  CHECK(inferred.config.num_heads == 2);
  CHECK(contains(inferred.note, "2 heads of 112 are assumed"));
  CHECK(contains(inferred.note, "--config FILE"));
  CHECK(contains(checkpoints::public_model_name(inferred.config),
                 "unknown sizes: video, 1 blocks of 224"));

  const auto odd = infer_transformer_config(
      checkpoints::original_dit_shapes(sized(true, 100, 4, 4, 1, 16, 2)), "it");
  CHECK(odd.config.num_heads == 0);
  CHECK(contains(odd.note, "--config FILE"));
  CHECK(contains(message_of<UserError>([&] { to_json(odd.config); }), "--config FILE"));
}

TEST_CASE("what is no SANA transformer is refused, and so are tensors of other ranks", "[config]") {
  CHECK(contains(message_of<UserError>([] {
                   infer_transformer_config({{"a", {1}}}, "'a.pth'");
                 }),
                 "'a.pth': these are not the tensors of a SANA"));
  auto shapes = checkpoints::public_dit_shapes(sized(true, 24, 2, 2, 1, 4, 1));
  shapes["proj_out.weight"] = {4};
  CHECK(contains(message_of<UserError>([&] { infer_transformer_config(shapes, "it"); }),
                 "'proj_out.weight' is [4], expected 2 sizes"));
  shapes.erase("proj_out.weight");
  CHECK(contains(message_of<UserError>([&] { infer_transformer_config(shapes, "it"); }),
                 "'proj_out.weight') of a SANA transformer is missing"));
}

TEST_CASE("a public configuration is read and written with every key", "[config]") {
  nlohmann::json json = tiny_dit_json();
  const TransformerConfig config = checkpoints::transformer_config_from_json(json, "it");
  nlohmann::json written = to_json(config);
  for (const auto& [key, value] : json.items()) {
    if (key == "_diffusers_version") continue;
    INFO(key);
    CHECK(written.value(key, nlohmann::json()) == value);
  }
  CHECK(written.size() >= 23);

  const model::SanaVideoConfig ours = checkpoints::sana_video_config(config, "it");
  CHECK(to_json(checkpoints::transformer_config(ours)) == written);
}

TEST_CASE("an image configuration has a single patch size and no norms by default", "[config]") {
  nlohmann::json json = to_json(sized(false, 2240, 70, 20, 20, 32, 1));
  CHECK(json["patch_size"] == 1);
  CHECK(json["qk_norm"].is_null());
  CHECK(json["_class_name"] == "SanaTransformer2DModel");
  json.erase("qk_norm");
  json["interpolation_scale"] = 2.0;
  const TransformerConfig config = checkpoints::transformer_config_from_json(json, "it");
  CHECK_FALSE(config.has_qk_norm);
  CHECK(to_json(config)["interpolation_scale"] == 2.0);
  CHECK(contains(message_of<UserError>([&] { checkpoints::sana_video_config(config, "'a'"); }),
                 "'a' is a text-to-image model, expected a video model"));
}

TEST_CASE("a wrong public configuration is refused by key", "[config]") {
  const auto message = [](const std::string& key, const nlohmann::json& value) {
    nlohmann::json json = tiny_dit_json();
    json[key] = value;
    return message_of<UserError>(
        [&] { checkpoints::transformer_config_from_json(json, "c.json"); });
  };
  CHECK(contains(message("_class_name", "Flux"), "c.json: _class_name is Flux"));
  CHECK(contains(message("num_layers", "many"), "'num_layers' is \"many\", expected an integer"));
  CHECK(contains(message("num_layers", 1000000), "num_layers is 1000000, expected at most 1000"));
  CHECK(contains(message("num_attention_heads", -4), "num_attention_heads"));
  CHECK(contains(message("patch_size", {1, 2}), "patch_size must be three integers"));
  CHECK(contains(message("qk_norm", "layer_norm"), "qk_norm is \"layer_norm\""));
  CHECK(contains(message("cross_attention_head_dim", 3), "cross-attention must be as wide"));
}

}  // namespace sana
