#include "checkpoints/public/transformer_public.h"

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

// A model of either kind, the video model with the public two spatial patches.
template <class Config>
Config sized(int64_t dim, int64_t heads, int64_t cross, int64_t layers, int64_t channels) {
  Config config;
  config.num_heads = heads;
  config.head_dim = dim / heads;
  config.num_cross_heads = cross;
  config.num_layers = layers;
  config.latent_channels = channels;
  return config;
}

TransformerConfig video(int64_t dim, int64_t heads, int64_t layers, int64_t channels,
                        int64_t patch) {
  auto config = sized<model::SanaVideoConfig>(dim, heads, heads, layers, channels);
  config.patch_size = {1, patch, patch};
  return {config};
}

model::SanaImageConfig image(int64_t dim, int64_t heads, int64_t cross, int64_t layers) {
  return sized<model::SanaImageConfig>(dim, heads, cross, layers, 32);
}

}  // namespace

TEST_CASE("sizes of public models are read off their tensors, under either name", "[config]") {
  model::SanaImageConfig sprint = image(1152, 36, 16, 28);
  sprint.qk_norm = sprint.guidance_embeds = true;
  const std::vector<std::pair<std::string, TransformerConfig>> models = {
      {"SANA-Video 2B 480p (Wan VAE)", video(2240, 20, 20, 16, 2)},
      {"SANA-Video 2B 720p (DC-AE-V)", video(2240, 20, 20, 32, 1)},
      {"SANA-Video 2B 720p (LTX-2 VAE)", video(2240, 20, 20, 128, 1)},
      {"SANA 1.6B text-to-image", {image(2240, 70, 20, 20)}},
      {"SANA-Sprint 0.6B text-to-image", {sprint}}};
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
  const auto shapes = checkpoints::public_dit_shapes(video(224, 4, 1, 16, 2));
  const auto inferred = infer_transformer_config(shapes, "it");
  CHECK(inferred.config.num_heads() == 2);
  CHECK(contains(inferred.note, "2 heads of 112 are assumed"));
  CHECK(contains(inferred.note, "--config FILE"));
  CHECK(contains(checkpoints::public_model_name(inferred.config),
                 "unknown sizes: video, 1 blocks of 224"));

  const auto odd =
      infer_transformer_config(checkpoints::original_dit_shapes(video(100, 4, 1, 16, 2)), "it");
  CHECK(odd.config.not_computed.unknown_heads);
  CHECK(odd.config.hidden_dim() == 100);
  CHECK(contains(odd.note, "--config FILE"));
  CHECK(contains(message_of<UserError>([&] { to_json(odd.config); }), "--config FILE"));
}

TEST_CASE("what is no SANA transformer is refused, and so are tensors of other ranks", "[config]") {
  CHECK(contains(message_of<UserError>([] {
                   infer_transformer_config({{"a", {1}}}, "'a.pth'");
                 }),
                 "'a.pth': these are not the tensors of a SANA"));
  auto shapes = checkpoints::public_dit_shapes(video(24, 2, 1, 4, 1));
  shapes["proj_out.weight"] = {4};
  CHECK(contains(message_of<UserError>([&] { infer_transformer_config(shapes, "it"); }),
                 "'proj_out.weight' is [4], expected 2 sizes"));
  shapes.erase("proj_out.weight");
  CHECK(contains(message_of<UserError>([&] { infer_transformer_config(shapes, "it"); }),
                 "'proj_out.weight') of a SANA transformer is missing"));
}

TEST_CASE("a public configuration is read and written with every key", "[config]") {
  nlohmann::json json = tiny_dit_json();
  const TransformerConfig config = checkpoints::transformer_config_from_diffusers(json, "it");
  nlohmann::json written = to_json(config);
  for (const auto& [key, value] : json.items()) {
    if (key == "_diffusers_version") continue;
    INFO(key);
    CHECK(written.value(key, nlohmann::json()) == value);
  }
  CHECK(written.size() >= 23);

  const model::SanaVideoConfig ours = checkpoints::sana_video_config(config, "it");
  CHECK(checkpoints::to_json({ours}) == written);
}

TEST_CASE("an image configuration has a single patch size and no norms by default", "[config]") {
  nlohmann::json json = checkpoints::to_json({image(2240, 70, 20, 20)});
  CHECK(json["patch_size"] == 1);
  CHECK(json["qk_norm"].is_null());
  CHECK(json["_class_name"] == "SanaTransformer2DModel");
  json.erase("qk_norm");
  json["interpolation_scale"] = 2.0;
  const TransformerConfig config = checkpoints::transformer_config_from_diffusers(json, "it");
  CHECK_FALSE(config.qk_norm());
  CHECK(to_json(config)["interpolation_scale"] == 2.0);
  CHECK(contains(message_of<UserError>([&] { checkpoints::sana_video_config(config, "'a'"); }),
                 "'a' is a text-to-image model, expected a video model"));
}

TEST_CASE("a wrong public configuration is refused by key", "[config]") {
  const auto message = [](const std::string& key, const nlohmann::json& value) {
    nlohmann::json json = tiny_dit_json();
    json[key] = value;
    return message_of<UserError>(
        [&] { checkpoints::transformer_config_from_diffusers(json, "c.json"); });
  };
  CHECK(contains(message("_class_name", "Flux"), "c.json: '_class_name' is \"Flux\""));
  CHECK(contains(message("num_layers", "many"), "'num_layers' is \"many\", expected an integer"));
  CHECK(contains(message("num_layers", 1000000),
                 "'num_layers' is 1000000, expected an integer from 1 to 1000"));
  CHECK(contains(message("num_attention_heads", -4), "num_attention_heads"));
  CHECK(contains(message("patch_size", {1, 2}), "'patch_size' is [1,2], expected three integers"));
  CHECK(
      contains(message("qk_norm", "layer_norm"), "'qk_norm' is \"layer_norm\", expected null or"));
  CHECK(contains(message("cross_attention_head_dim", 3), "cross-attention must be as wide"));
}

TEST_CASE("sizes of a public configuration are integers that a size can have", "[config]") {
  const auto message = [](const std::string& key, const nlohmann::json& value) {
    nlohmann::json json = tiny_dit_json();
    json[key] = value;
    return message_of<UserError>(
        [&] { checkpoints::sana_video_config_from_diffusers(json, "config.json"); });
  };
  CHECK(checkpoints::sana_video_config_from_diffusers(tiny_dit_json(), "").num_heads == 4);
  for (const nlohmann::json& value :
       {nlohmann::json(4.5), nlohmann::json(true), nlohmann::json("4"), nlohmann::json(nullptr),
        nlohmann::json(1e300), nlohmann::json(int64_t{1} << 40), nlohmann::json(UINT64_MAX),
        nlohmann::json(INT64_MIN)}) {
    CHECK(contains(message("num_attention_heads", value),
                   "config.json: 'num_attention_heads' is " + value.dump() + ", expected an"));
  }
  CHECK(contains(message("patch_size", {1, 2.5, 2}), "'patch_size' is [1,2.5,2]"));
  CHECK(contains(message("patch_size", {1, 1 << 30, 1 << 30}), "from 1 to 64"));
  CHECK(contains(message("qk_norm", 1), "'qk_norm' is 1, expected a text"));
  CHECK(contains(message("num_cross_attention_heads", 0), "is 0, expected an integer from 1"));
  CHECK(contains(message("in_channels", std::string(1000, 'x')), "xxx"));
}

TEST_CASE("a missing key is named, whichever it is", "[config]") {
  for (const char* key : {"num_layers", "patch_size", "cross_attention_dim", "out_channels"}) {
    nlohmann::json json = tiny_dit_json();
    json.erase(key);
    CHECK(contains(message_of<UserError>(
                       [&] { checkpoints::sana_video_config_from_diffusers(json, "config.json"); }),
                   fmt::format("config.json: key '{}' is missing", key)));
  }
}

TEST_CASE("what no model here computes is read and written, and not built", "[config]") {
  const auto [key, value] = GENERATE(table<std::string, std::string>({
      {"attention_bias", "true"},
      {"guidance_embeds", "true"},
      {"norm_elementwise_affine", "true"},
      {"norm_eps", "1e-5"},
      {"out_channels", "32"},
      {"qk_norm", "null"},
  }));
  INFO(key << " = " << value);
  nlohmann::json json = tiny_dit_json();
  json[key] = nlohmann::json::parse(value);
  const TransformerConfig config = checkpoints::transformer_config_from_diffusers(json, "it");
  CHECK(to_json(config)[key] == json[key]);
  const std::string message =
      message_of<UserError>([&] { checkpoints::sana_video_config(config, "'a'"); });
  CHECK(contains(message, "'a': a model with "));
  CHECK(contains(message, key));
  CHECK(contains(message, "is not computed here"));
}

TEST_CASE("the size that a video configuration states is kept, else its patches tell it",
          "[config]") {
  nlohmann::json json = tiny_dit_json();
  json["sample_size"] = 22;
  CHECK(checkpoints::transformer_config_from_diffusers(json, "it").sample_size() == 22);
  json.erase("sample_size");
  CHECK(checkpoints::transformer_config_from_diffusers(json, "it").sample_size() == 30);
  CHECK(video(2240, 20, 20, 16, 2).sample_size() == 30);
  CHECK(video(2240, 20, 20, 32, 1).sample_size() == 22);
}

}  // namespace sana
