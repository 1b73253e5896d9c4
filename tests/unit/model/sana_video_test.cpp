#include "model/sana_video.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <map>
#include <regex>

#include "core/error.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/tensors.h"
#include "unit/model/tiny_sana_video.h"

namespace {

using sana::model::SanaVideo;
using sana::model::SanaVideoConfig;
using sana_test::ContainsSubstring;
using sana_test::max_difference;
using sana_test::random_model;
using sana_test::tiny_config;

struct Inputs {
  at::Tensor latents = at::randn({2, 4, 3, 4, 6});
  at::Tensor timestep = at::tensor({400.0f, 900.0f});
  at::Tensor text = at::randn({2, 5, 10});
  at::Tensor mask = at::tensor({1, 1, 1, 0, 0, 1, 1, 1, 1, 1}, at::kLong).view({2, 5});
};

}  // namespace

TEST_CASE("one timestep per frame, all equal, is one timestep per sample", "[model]") {
  SanaVideo model = random_model();
  const Inputs in;
  const at::Tensor scalar = model->forward(in.latents, in.timestep, in.text, in.mask);
  const at::Tensor framed =
      model->forward(in.latents, in.timestep.unsqueeze(1).expand({2, 3}), in.text, in.mask);
  // Random weights of 0.2 make large values; float32 rounding is relative to them.
  CHECK(max_difference(scalar, framed) < 5e-5 * scalar.abs().max().item<double>());
}

TEST_CASE("masked text does not reach the result", "[model]") {
  SanaVideo model = random_model();
  Inputs in;
  const at::Tensor before = model->forward(in.latents, in.timestep, in.text, in.mask);
  in.text[0].narrow(0, 3, 2).fill_(100.0);
  CHECK(max_difference(before, model->forward(in.latents, in.timestep, in.text, in.mask)) < 1e-5);
  in.text[1].narrow(0, 3, 2).fill_(100.0);  // these tokens are real
  CHECK(max_difference(before, model->forward(in.latents, in.timestep, in.text, in.mask)) > 1e-3);
}

TEST_CASE("samples of a batch do not influence each other", "[model]") {
  SanaVideo model = random_model();
  const Inputs in;
  const at::Tensor together = model->forward(in.latents, in.timestep, in.text, in.mask);
  const at::Tensor alone = model->forward(in.latents.narrow(0, 1, 1), in.timestep.narrow(0, 1, 1),
                                          in.text.narrow(0, 1, 1), in.mask.narrow(0, 1, 1));
  CHECK(max_difference(together.narrow(0, 1, 1), alone) < 1e-5);
}

TEST_CASE("gradient checkpointing changes no gradient, whatever is frozen", "[model]") {
  struct Freeze {
    std::string words;  // a regular expression: parameters that it finds do not train
    bool negated = false;
  };
  const auto freeze = GENERATE(
      Freeze{"^$"}, Freeze{"patch_embedding|time_embed|caption"}, Freeze{"attn1"},
      Freeze{"transformer_blocks.0"}, Freeze{"transformer_blocks.1"}, Freeze{"transformer_blocks"},
      Freeze{"proj_out|^scale_shift_table"}, Freeze{"transformer_blocks.0.attn1.to_q", true},
      Freeze{"patch_embedding", true}, Freeze{"caption_norm", true}, Freeze{"proj_out", true});
  INFO((freeze.negated ? "all but " : "") << freeze.words);
  const Inputs in;
  std::map<std::string, at::Tensor> gradients[2];
  for (const bool checkpointed : {false, true}) {
    SanaVideo model = random_model();
    for (auto& item : model->named_parameters()) {
      const bool found = std::regex_search(item.key(), std::regex(freeze.words));
      item.value().set_requires_grad(found == freeze.negated);
    }
    model->set_gradient_checkpointing(checkpointed);
    model->forward(in.latents, in.timestep, in.text, in.mask).square().mean().backward();
    for (const auto& item : model->named_parameters()) {
      INFO(item.key());
      REQUIRE(item.value().grad().defined() == item.value().requires_grad());
      if (item.value().requires_grad()) gradients[checkpointed][item.key()] = item.value().grad();
    }
  }
  REQUIRE(!gradients[0].empty());
  REQUIRE(gradients[0].size() == gradients[1].size());
  for (const auto& [name, gradient] : gradients[0]) {
    INFO(name);
    const double scale = 1.0 + gradient.abs().max().item<double>();
    CHECK(max_difference(gradient, gradients[1].at(name)) < 1e-6 * scale);
  }
}

TEST_CASE("a fresh video model treats every frame as an image in its Mix-FFN", "[model]") {
  SanaVideo model(tiny_config());
  sana::model::initialize_weights(model, at::make_generator<at::CPUGeneratorImpl>(7));
  for (const auto& item : model->named_parameters()) {
    if (item.key().find("conv_temp") != std::string::npos) {
      CHECK(item.value().abs().max().item<double>() == 0.0);
    }
  }
  const Inputs in;
  CHECK(model->forward(in.latents, in.timestep, in.text, in.mask).abs().max().item<double>() ==
        0.0);
}

TEST_CASE("the public 2B model has the published number of parameters", "[model]") {
  // Counted on shapes alone: building it would take 8 GiB.
  const SanaVideoConfig config;
  const int64_t d = config.hidden_dim(), r = config.mlp_dim();
  const int64_t block = 6 * d + 4 * d * d + d + 2 * d + 4 * (d * d + d) + 2 * d + 2 * r * (d + 1) +
                        2 * r * 10 + r * d + 3 * d * d;
  const int64_t outside = d * 64 + d + 256 * d + d + d * d + d + 6 * d * (d + 1) +
                          d * config.text_dim + d + d * d + d + d + 2 * d + 64 * (d + 1);
  CHECK(config.num_layers * block + outside == 2056862144);
  SanaVideo tiny(tiny_config());
  CHECK(tiny->num_parameters() == sana::model::count_parameters(*tiny));
}

TEST_CASE("shapes that do not fit are named with what was expected", "[model]") {
  SanaVideo model(tiny_config());
  const Inputs in;
  CHECK_THROWS_WITH(model->forward(at::zeros({2, 4, 3, 5, 6}), in.timestep, in.text, in.mask),
                    ContainsSubstring("multiple of the patch 2"));
  CHECK_THROWS_WITH(model->forward(at::zeros({2, 3, 3, 4, 6}), in.timestep, in.text, in.mask),
                    ContainsSubstring("C=4"));
  CHECK_THROWS_WITH(model->forward(in.latents, at::zeros({2, 7}), in.text, in.mask),
                    ContainsSubstring("expected [B=2] or [B=2, T=3]"));
}

TEST_CASE("a checkpoint of another shape is refused with every name at once", "[model]") {
  SanaVideo model(tiny_config());
  sana::TensorMap tensors = sana::model::state_dict(*model);
  tensors.erase("proj_out.bias");
  tensors["stranger"] = at::zeros({1});
  tensors["caption_norm.weight"] = at::zeros({3});
  CHECK_THROWS_WITH(sana::model::load_state_dict(*model, tensors, "here.safetensors"),
                    ContainsSubstring("here.safetensors") && ContainsSubstring("proj_out.bias") &&
                        ContainsSubstring("stranger") &&
                        ContainsSubstring("caption_norm.weight is [3], the model has [24]"));
}
