// Names, configuration and masks of the Gemma-2 decoder; tests/parity compares its numbers.
#include "model/text_encoder/gemma2/gemma2.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "checkpoints/public/gemma2_public.h"
#include "core/error.h"
#include "core/shape.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/tensors.h"

namespace {

using nlohmann::json;
using sana::checkpoints::gemma2_config_from_json;
using sana::model::Gemma2;
using sana::model::Gemma2Config;

json tiny_gemma_json() {
  return {{"vocab_size", 50},         {"hidden_size", 16},   {"intermediate_size", 24},
          {"num_hidden_layers", 3},   {"head_dim", 8},       {"num_attention_heads", 4},
          {"num_key_value_heads", 2}, {"sliding_window", 4}, {"query_pre_attn_scalar", 8}};
}

// Weights large enough that every part matters.
Gemma2 random_gemma(const json& changes = json::object(), at::ScalarType dtype = at::kFloat) {
  json description = tiny_gemma_json();
  description.update(changes);
  Gemma2 model(gemma2_config_from_json(description, "tiny"));
  at::manual_seed(3);
  sana::TensorMap weights;
  for (const auto& [name, tensor] : sana::model::state_dict(*model)) {
    weights[name] = at::randn(tensor.sizes()) * 0.4;
  }
  sana::model::adopt_state_dict(*model, weights, at::kCPU, dtype, "random");
  return model;
}

at::Tensor gemma_ids(int64_t length) {
  return (at::arange(length, at::kLong) * 7 % 50).unsqueeze(0);
}
at::Tensor gemma_ones(int64_t length) { return at::ones({1, length}, at::kLong); }

at::Tensor run_gemma(Gemma2& model, const at::Tensor& ids) {
  return model->forward(ids, at::ones_like(ids));
}

// The public names and shapes: "name \t other name \t [1,2]" per line below a heading.
std::map<std::string, std::string> public_gemma_names() {
  std::ifstream table(std::filesystem::path(SANA_TEST_DATA) / "keys/gemma2_2b.tsv");
  std::map<std::string, std::string> names;
  std::string own, other, shape;
  std::getline(table, own);
  while (std::getline(table, own, '\t') && std::getline(table, other, '\t') &&
         std::getline(table, shape)) {
    names[own] = shape;
  }
  return names;
}

std::string gemma_complaint(const json& changes) {
  json description = tiny_gemma_json();
  description.update(changes);
  return sana_test::message_of<sana::UserError>(
      [&] { gemma2_config_from_json(description, "folder/config.json"); });
}

}  // namespace

TEST_CASE("gemma-2-2b has the public names and shapes, and is built without memory for them",
          "[gemma2]") {
  const Gemma2 model(gemma2_config_from_json(json::object(), "defaults"));
  std::map<std::string, std::string> names;
  size_t bytes = 0;
  for (const auto& [name, tensor] : sana::model::state_dict(*model)) {
    std::string shape = sana::shape_string(tensor.sizes());
    std::erase(shape, ' ');
    names[name] = shape;
    bytes += tensor.storage().nbytes();
  }
  CHECK(names.size() == 288);
  CHECK(names == public_gemma_names());
  CHECK(sana::model::count_parameters(*model) == 2'614'341'888);
  CHECK(bytes <= 288 * 4);
}

TEST_CASE("a checkpoint with a language-model head loads like one without", "[gemma2]") {
  sana::TensorMap with_head = {{"model.norm.weight", at::ones({2})},
                               {"lm_head.weight", at::ones({3, 2})},
                               {"model.embed_tokens.weight", at::ones({3, 2})}};
  const sana::TensorMap weights = sana::model::gemma2_weights(with_head);
  CHECK(weights.size() == 2);
  CHECK(weights.count("norm.weight") == 1);
  CHECK(sana::model::gemma2_weights(weights).size() == 2);
  with_head["norm.weight"] = at::zeros({2});
  CHECK_THROWS_WITH(sana::model::gemma2_weights(with_head),
                    sana_test::ContainsSubstring("norm.weight"));
}

TEST_CASE("no token sees a later one, nor one that the mask hides", "[gemma2]") {
  Gemma2 model = random_gemma();
  const at::Tensor ids = gemma_ids(12);
  at::Tensor other = ids.clone();
  other[0][9] = 1;
  const at::Tensor before = run_gemma(model, ids), after = run_gemma(model, other);
  CHECK(at::equal(before.narrow(1, 0, 9), after.narrow(1, 0, 9)));
  CHECK_FALSE(at::allclose(before.narrow(1, 9, 3), after.narrow(1, 9, 3)));

  at::Tensor mask = gemma_ones(12);
  mask[0][9] = 0;
  const at::Tensor hidden = model->forward(ids, mask), hidden_other = model->forward(other, mask);
  CHECK(at::allclose(hidden.narrow(1, 10, 2), hidden_other.narrow(1, 10, 2)));
}

TEST_CASE("a sliding layer sees as many tokens as its window says", "[gemma2]") {
  const at::Tensor hidden =
      sana::model::gemma2_hidden_keys(gemma_ones(6), 3).view({6, 6}).logical_not();
  const at::Tensor seen = hidden.sum(1);
  CHECK(at::equal(seen, at::tensor({1, 2, 3, 3, 3, 3}, at::kLong)));
  CHECK(hidden[5][3].item<bool>());
  // One sliding layer of window 4: token 8 does not depend on token 4, it does on token 5.
  Gemma2 model = random_gemma({{"num_hidden_layers", 1}});
  at::Tensor outside = gemma_ids(9), inside = gemma_ids(9);
  outside[0][4] = 1;
  inside[0][5] = 1;
  const at::Tensor last = run_gemma(model, gemma_ids(9))[0][8];
  CHECK(at::equal(last, run_gemma(model, outside)[0][8]));
  CHECK_FALSE(at::allclose(last, run_gemma(model, inside)[0][8]));
}

TEST_CASE("layer types of the file take the place of the default", "[gemma2]") {
  const auto config = gemma2_config_from_json(tiny_gemma_json(), "tiny");
  CHECK(config.is_sliding == std::vector<bool>{true, false, true});
  json types = {"full_attention", "full_attention", "sliding_attention"};
  json description = tiny_gemma_json();
  description["layer_types"] = types;
  CHECK(gemma2_config_from_json(description, "tiny").is_sliding ==
        std::vector<bool>{false, false, true});
  CHECK_THAT(gemma_complaint({{"layer_types", {"full_attention"}}}),
             sana_test::ContainsSubstring("3 layers"));
}

TEST_CASE("capping the scores changes the result, and null turns it off", "[gemma2]") {
  Gemma2 capped = random_gemma({{"attn_logit_softcapping", 0.5}});
  Gemma2 free = random_gemma({{"attn_logit_softcapping", nullptr}});
  Gemma2 hardly = random_gemma({{"attn_logit_softcapping", 1e6}});
  const at::Tensor ids = gemma_ids(8);
  CHECK(free->config().attn_logit_softcapping == 0.0);
  CHECK(sana_test::max_difference(run_gemma(capped, ids), run_gemma(free, ids)) > 1e-3);
  CHECK(sana_test::max_difference(run_gemma(hardly, ids), run_gemma(free, ids)) < 1e-4);
}

TEST_CASE("rows of padding stay finite, on the left as well", "[gemma2]") {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    Gemma2 model = random_gemma(json::object(), dtype);
    at::Tensor mask = gemma_ones(9);
    mask.narrow(1, 0, 5).zero_();
    const at::Tensor hidden = model->forward(gemma_ids(9), mask);
    CHECK(hidden.scalar_type() == dtype);
    CHECK(at::isfinite(hidden).all().item<bool>());
  }
}

TEST_CASE("rope_theta is read from either place", "[gemma2]") {
  json description = tiny_gemma_json();
  description["rope_theta"] = 500.0;
  CHECK(gemma2_config_from_json(description, "tiny").rope_theta == 500.0);
  description = tiny_gemma_json();
  description["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 700.0}};
  CHECK(gemma2_config_from_json(description, "tiny").rope_theta == 700.0);
}

TEST_CASE("a configuration that is not computed here is refused by key", "[gemma2]") {
  CHECK_THAT(gemma_complaint({{"attention_bias", true}}),
             sana_test::ContainsSubstring("folder/config.json: 'attention_bias' is true"));
  CHECK_THAT(gemma_complaint({{"hidden_activation", "relu"}}),
             sana_test::ContainsSubstring("\"relu\""));
  CHECK_THAT(gemma_complaint({{"rope_parameters", {{"rope_type", "yarn"}}}}),
             sana_test::ContainsSubstring("yarn"));
  CHECK_THAT(gemma_complaint({{"rope_scaling", {{"factor", 2}}}}),
             sana_test::ContainsSubstring("rope_scaling"));
  CHECK_THAT(gemma_complaint({{"num_hidden_layers", 2'000'000'000}}),
             sana_test::ContainsSubstring("num_hidden_layers"));
  CHECK_THAT(gemma_complaint({{"vocab_size", -1}}), sana_test::ContainsSubstring("vocab_size"));
  CHECK_THAT(gemma_complaint({{"head_dim", "8"}}), sana_test::ContainsSubstring("head_dim"));
  CHECK_THAT(gemma_complaint({{"num_key_value_heads", 3}}),
             sana_test::ContainsSubstring("num_key_value_heads 3"));
  CHECK_THROWS_AS(gemma2_config_from_json(json::array(), "x"), sana::UserError);
}

TEST_CASE("more tokens than positions are refused", "[gemma2]") {
  Gemma2 model = random_gemma({{"max_position_embeddings", 8}});
  CHECK_NOTHROW(run_gemma(model, gemma_ids(8)));
  CHECK_THROWS_WITH(run_gemma(model, gemma_ids(9)),
                    sana_test::ContainsSubstring("9 tokens, at most 8"));
}

TEST_CASE("adopted weights are the file's own where nothing has to be converted", "[gemma2]") {
  Gemma2 model(gemma2_config_from_json(tiny_gemma_json(), "tiny"));
  sana::TensorMap weights;
  for (const auto& [name, tensor] : sana::model::state_dict(*model)) {
    weights[name] = at::randn(tensor.sizes()).to(at::kBFloat16);
  }
  sana::model::adopt_state_dict(*model, weights, at::kCPU, at::kBFloat16, "weights");
  for (const auto& [name, tensor] : sana::model::state_dict(*model)) {
    CHECK(tensor.const_data_ptr() == weights.at(name).const_data_ptr());
    CHECK(tensor.scalar_type() == at::kBFloat16);
  }
  sana::model::adopt_state_dict(*model, weights, at::kCPU, at::kFloat, "weights");
  CHECK(at::equal(sana::model::state_dict(*model).at("norm.weight"),
                  weights.at("norm.weight").to(at::kFloat)));

  weights["norm.weight"] = at::zeros({3});
  weights.erase("layers.1.mlp.up_proj.weight");
  weights["extra"] = at::zeros({1});
  const std::string message = sana_test::message_of<sana::UserError>([&] {
    sana::model::adopt_state_dict(*model, weights, at::kCPU, at::kFloat, "file.safetensors");
  });
  for (const char* part : {"file.safetensors", "layers.1.mlp.up_proj.weight", "extra",
                           "norm.weight is [3], the model has [16]"}) {
    CHECK_THAT(message, sana_test::ContainsSubstring(part));
  }
}
