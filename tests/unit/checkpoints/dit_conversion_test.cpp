#include "checkpoints/public/dit_conversion.h"

#include <ATen/ATen.h>

#include "checkpoints/public/dit_names.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/tiny_dit.h"

namespace sana {
namespace {

using checkpoints::dit_to_original;
using checkpoints::dit_to_public;
using checkpoints::TransformerConfig;
using sana_test::contains;
using sana_test::message_of;
using sana_test::same_bits;
using sana_test::tiny_dit_config;
using sana_test::tiny_dit_tensors;
using sana_test::to_map;

// Random weights of an image model of two blocks.
TransformerConfig small_image_config() {
  model::SanaImageConfig config;
  config.latent_channels = 4;
  config.num_heads = config.num_cross_heads = 2;
  config.head_dim = 12;
  config.num_layers = 2;
  config.text_dim = 6;
  return {config};
}

TensorList random_tensors(const ShapeMap& shapes) {
  TensorList list;
  for (const auto& [name, shape] : shapes) list.push_back(lazy_tensor(name, at::randn(shape)));
  return list;
}

LazyTensor& named(TensorList& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const LazyTensor& tensor) { return tensor.name == name; });
  REQUIRE(found != list.end());
  return *found;
}

}  // namespace

TEST_CASE("a video model comes back from its original names bit for bit", "[names]") {
  const TransformerConfig config = tiny_dit_config();
  const TensorList weights = tiny_dit_tensors();
  const TensorList original = dit_to_original(weights, config, "it");
  CHECK(shapes_of(original) == checkpoints::original_dit_shapes(config));
  CHECK(same_bits(to_map(dit_to_public(original, config, "it")), to_map(weights)));
}

TEST_CASE("an image model comes back from its public names bit for bit", "[names]") {
  const TransformerConfig config = small_image_config();
  const TensorList original = random_tensors(checkpoints::original_dit_shapes(config));
  const TensorList weights = dit_to_public(original, config, "it");
  CHECK(shapes_of(weights) == checkpoints::public_dit_shapes(config));
  CHECK(same_bits(to_map(dit_to_original(weights, config, "it")), to_map(original)));
}

TEST_CASE("qkv holds queries, keys, values; kv keys, values", "[names]") {
  const TransformerConfig config = tiny_dit_config();
  const TensorMap weights = to_map(tiny_dit_tensors());
  const TensorMap original = to_map(dit_to_original(tiny_dit_tensors(), config, "it"));
  const std::string block = "transformer_blocks.1.";
  CHECK(at::equal(
      original.at("blocks.1.attn.qkv.weight"),
      at::cat({weights.at(block + "attn1.to_q.weight"), weights.at(block + "attn1.to_k.weight"),
               weights.at(block + "attn1.to_v.weight")})));
  CHECK(at::equal(
      original.at("blocks.1.cross_attn.kv_linear.bias"),
      at::cat({weights.at(block + "attn2.to_k.bias"), weights.at(block + "attn2.to_v.bias")})));
}

TEST_CASE("splitting copies nothing", "[names]") {
  const TransformerConfig config = tiny_dit_config();
  TensorMap original = to_map(dit_to_original(tiny_dit_tensors(), config, "it"));
  TensorList list;
  for (const auto& [name, tensor] : original) list.push_back(lazy_tensor(name, tensor));
  TensorList weights = dit_to_public(list, config, "it");
  const at::Tensor keys = named(weights, "transformer_blocks.0.attn1.to_k.weight").load();
  const at::Tensor qkv = original.at("blocks.0.attn.qkv.weight");
  CHECK(keys.const_data_ptr<float>() == qkv.const_data_ptr<float>() + keys.numel());
}

TEST_CASE("a final table of three dimensions loses its 1", "[names]") {
  const TransformerConfig config = tiny_dit_config();
  TensorList original = dit_to_original(tiny_dit_tensors(), config, "it");
  LazyTensor& table = named(original, "final_layer.scale_shift_table");
  table = lazy_tensor(table.name, table.load().unsqueeze(0));
  CHECK(same_bits(to_map(dit_to_public(original, config, "it")), to_map(tiny_dit_tensors())));
}

TEST_CASE("leftovers are removed and named", "[names]") {
  TensorList list = {lazy_tensor("pos_embed", at::zeros({1})), lazy_tensor("a", at::zeros({1})),
                     lazy_tensor("logvar_linear.bias", at::zeros({1}))};
  CHECK(checkpoints::remove_dit_leftovers(list) ==
        std::vector<std::string>{"pos_embed", "logvar_linear.bias"});
  REQUIRE(list.size() == 1);
  CHECK(list[0].name == "a");
}

TEST_CASE("everything that does not fit is named at once", "[names]") {
  const TransformerConfig config = tiny_dit_config();
  TensorList original = dit_to_original(tiny_dit_tensors(), config, "it");
  named(original, "t_block.1.bias").name = "t_block.1.offset";
  LazyTensor& linear = named(original, "final_layer.linear.weight");
  linear = lazy_tensor(linear.name, at::zeros({64, 100}));
  const std::string message =
      message_of<UserError>([&] { dit_to_public(original, config, "'a.pth'"); });
  CHECK(contains(message, "'a.pth' does not fit this model"));
  CHECK(contains(message, "1 missing:\n    t_block.1.bias"));
  CHECK(contains(message, "1 unexpected:\n    t_block.1.offset"));
  CHECK(contains(message, "final_layer.linear.weight is [64, 100], the model has [64, 112]"));

  TensorList weights = tiny_dit_tensors();
  std::erase_if(weights, [](const LazyTensor& tensor) {
    return tensor.name == "transformer_blocks.2.attn1.to_v.weight";
  });
  CHECK(contains(message_of<UserError>([&] { dit_to_original(weights, config, "it"); }),
                 "1 missing:\n    transformer_blocks.2.attn1.to_v.weight"));
}

TEST_CASE("parts of different dtypes are not joined", "[names]") {
  const TransformerConfig config = tiny_dit_config();
  TensorList weights = tiny_dit_tensors();
  LazyTensor& keys = named(weights, "transformer_blocks.0.attn1.to_k.weight");
  keys = lazy_tensor(keys.name, keys.load().to(at::kHalf));
  CHECK(contains(message_of<UserError>([&] { dit_to_original(weights, config, "it"); }),
                 "'transformer_blocks.0.attn1.to_k.weight' is Half"));
}

}  // namespace sana
