#include "model/sana_image.h"

#include <ATen/ATen.h>

#include "checkpoints/public/transformer_public.h"
#include "core/error.h"
#include "model/sincos_position.h"
#include "support/catch.h"
#include "support/tensors.h"

namespace {

using sana::model::SanaImage;
using sana::model::SanaImageConfig;
using sana::model::sincos_positions;
using sana_test::ContainsSubstring;
using sana_test::max_difference;

SanaImageConfig tiny_image_config() {
  SanaImageConfig config;
  config.latent_channels = 4;
  config.patch_size = 2;
  config.num_layers = 2;
  config.num_heads = 2;
  config.head_dim = 12;
  config.num_cross_heads = 3;
  config.text_dim = 10;
  return config;
}

SanaImage random_image_model(const SanaImageConfig& config) {
  at::manual_seed(3);
  SanaImage model(config);
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : model->parameters()) parameter.normal_(0.0, 0.2);
  return model;
}

struct ImageInputs {
  at::Tensor latents = at::randn({2, 4, 6, 8});
  at::Tensor timestep = at::tensor({400.0f, 900.0f});
  at::Tensor text = at::randn({2, 5, 10});
  at::Tensor mask = at::tensor({1, 1, 1, 0, 0, 1, 1, 1, 1, 1}, at::kLong).view({2, 5});
};

// transformer/config.json of the public 1.6B model for 1024 x 1024, as its first release wrote it.
nlohmann::json public_image_config() {
  return nlohmann::json::parse(R"({
    "_class_name": "SanaTransformer2DModel", "attention_bias": false, "attention_head_dim": 32,
    "caption_channels": 2304, "cross_attention_dim": 2240, "cross_attention_head_dim": 112,
    "dropout": 0.0, "in_channels": 32, "interpolation_scale": null, "mlp_ratio": 2.5,
    "norm_elementwise_affine": false, "norm_eps": 1e-06, "num_attention_heads": 70,
    "num_cross_attention_heads": 20, "num_layers": 20, "out_channels": 32, "patch_size": 1,
    "sample_size": 32})");
}

}  // namespace

TEST_CASE("masked text does not reach an image", "[model]") {
  SanaImage model = random_image_model(tiny_image_config());
  ImageInputs in;
  const auto run = [&] { return model->forward(in.latents, in.timestep, in.text, in.mask); };
  const at::Tensor before = run();
  const double largest = before.abs().max().item<double>();
  in.text[0].narrow(0, 3, 2).fill_(100.0);
  CHECK(max_difference(before, run()) < 1e-5 * largest);
  in.text[1].narrow(0, 3, 2).fill_(100.0);  // these tokens are real
  CHECK(max_difference(before, run()) > 1e-3 * largest);
}

TEST_CASE("without positions an image model still tells left from right by its convolutions",
          "[model]") {
  SanaImage model = random_image_model(tiny_image_config());
  const ImageInputs in;
  const auto run = [&](const at::Tensor& latents) {
    return model->forward(latents, in.timestep, in.text, in.mask);
  };
  const at::Tensor mirrored = run(in.latents.flip(3)).flip(3);
  CHECK(max_difference(mirrored, run(in.latents)) > 1e-3);
}

TEST_CASE("images of other sizes span the same sinusoidal positions", "[model]") {
  const at::Tensor base = sincos_positions({1, 4, 4}, 16, 4, 2.0, at::kCPU).view({4, 4, 16});
  const at::Tensor twice = sincos_positions({1, 8, 4}, 16, 4, 2.0, at::kCPU).view({8, 4, 16});
  const auto every_second = [](const at::Tensor& t) { return t.slice(0, 0, 8, 2); };
  CHECK(max_difference(every_second(twice), base) < 1e-6);
  // First half columns, second half rows; sines before cosines; divided by the scale.
  CHECK(base[0][3][0].item<double>() == sana_test::Approx(std::sin(3.0 / 2.0)));
  CHECK(base[3][0][8].item<double>() == sana_test::Approx(std::sin(3.0 / 2.0)));
  CHECK(base[3][1][4].item<double>() == sana_test::Approx(std::cos(1.0 / 2.0)));
  CHECK(base[2][3][9].item<double>() ==
        sana_test::Approx(std::sin(2.0 / 2.0 * std::pow(10000.0, -0.25))));
}

TEST_CASE("the guidance scale is an input exactly of the models that were made for it", "[model]") {
  SanaImageConfig config = tiny_image_config();
  const ImageInputs in;
  const at::Tensor guidance = at::tensor({0.1f, 0.45f});
  SanaImage plain = random_image_model(config);
  CHECK_THROWS_WITH(plain->forward(in.latents, in.timestep, in.text, in.mask, guidance),
                    ContainsSubstring("takes no guidance scale"));
  config.guidance_embeds = true;
  SanaImage guided = random_image_model(config);
  CHECK_THROWS_WITH(guided->forward(in.latents, in.timestep, in.text, in.mask),
                    ContainsSubstring("needs the guidance scale"));
  const at::Tensor one = guided->forward(in.latents, in.timestep, in.text, in.mask, guidance);
  const at::Tensor two = guided->forward(in.latents, in.timestep, in.text, in.mask, guidance * 2);
  CHECK(max_difference(one, two) > 1e-3);
}

TEST_CASE("image shapes that do not fit are named with what was expected", "[model]") {
  SanaImage model = random_image_model(tiny_image_config());
  const ImageInputs in;
  CHECK_THROWS_WITH(model->forward(at::zeros({2, 4, 5, 8}), in.timestep, in.text, in.mask),
                    ContainsSubstring("multiple of the patch 2"));
  CHECK_THROWS_WITH(model->forward(at::zeros({2, 3, 6, 8}), in.timestep, in.text, in.mask),
                    ContainsSubstring("C=4"));
  CHECK_THROWS_WITH(model->forward(in.latents, at::zeros({3}), in.text, in.mask),
                    ContainsSubstring("sana_image: timestep"));
  CHECK_THROWS_WITH(model->forward(in.latents, in.timestep, in.text, at::ones({2, 4})),
                    ContainsSubstring("sana_image: text_mask"));
}

TEST_CASE("a public image configuration is read, with the defaults of keys it leaves out",
          "[model]") {
  nlohmann::json json = public_image_config();
  const SanaImageConfig config =
      sana::checkpoints::sana_image_config_from_diffusers(json, "config.json");
  CHECK(config.hidden_dim() == 2240);
  CHECK(config.mlp_dim() == 5600);
  CHECK_FALSE(config.qk_norm);
  CHECK_FALSE(config.guidance_embeds);
  CHECK_FALSE(config.interpolation_scale.has_value());

  json["qk_norm"] = "rms_norm_across_heads";
  json["guidance_embeds"] = true;
  json["interpolation_scale"] = 2;
  json["sample_size"] = 128;
  const SanaImageConfig other =
      sana::checkpoints::sana_image_config_from_diffusers(json, "config.json");
  CHECK(other.qk_norm);
  CHECK(other.guidance_embeds);
  CHECK(other.interpolation_scale.value() == 2.0);
  CHECK(other.sample_size == 128);
}

TEST_CASE("an image configuration that is not computed here is refused by its key", "[model]") {
  const auto [key, value] = GENERATE(table<std::string, std::string>({
      {"qk_norm", R"("layer_norm")"},
      {"attention_bias", "true"},
      {"norm_eps", "1e-5"},
      {"out_channels", "64"},
      {"cross_attention_head_dim", "64"},
      {"num_attention_heads", "0"},
      {"num_layers", R"("many")"},
      {"interpolation_scale", "0"},
      {"patch_size", "[1, 1]"},
  }));
  nlohmann::json json = public_image_config();
  json[key] = nlohmann::json::parse(value);
  INFO(key << " = " << value);
  CHECK_THROWS_AS(sana::checkpoints::sana_image_config_from_diffusers(json, "a/config.json"),
                  sana::UserError);
  json.erase("in_channels");
  CHECK_THROWS_WITH(sana::checkpoints::sana_image_config_from_diffusers(json, "a/config.json"),
                    ContainsSubstring("a/config.json: key 'in_channels' is missing"));
}
