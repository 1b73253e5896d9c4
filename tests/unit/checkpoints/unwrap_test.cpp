#include "checkpoints/public/unwrap.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"

namespace sana {
namespace {

using checkpoints::unwrap_state_dict;
using Dict = TorchValue::Dict;

TorchValue tensor(double value) { return {at::full({2}, value)}; }

TorchValue dict_of(Dict dict) { return {std::move(dict)}; }

double first_value(const checkpoints::UnwrappedState& state) {
  return state.tensors.at(0).load()[0].item<double>();
}

}  // namespace

TEST_CASE("the state dictionary is found in each wrapper, in their order", "[unwrap]") {
  const std::vector<std::string> wrappers = {"model_state_dict", "state_dict", "generator_ema",
                                             "generator",        "model",      "module"};
  for (size_t first = 0; first < wrappers.size(); ++first) {
    Dict root;
    for (size_t i = wrappers.size(); i-- > first;) {
      root.emplace_back(wrappers[i], dict_of({{"a.weight", tensor(double(i))}}));
    }
    const auto state = unwrap_state_dict(dict_of(root), "it");
    CHECK(state.wrapper == wrappers[first]);
    CHECK(first_value(state) == double(first));
    CHECK(state.unread.size() == wrappers.size() - first - 1);
  }
  const auto flat = unwrap_state_dict(dict_of({{"a.weight", tensor(7)}}), "it");
  CHECK(flat.wrapper.empty());
  CHECK(first_value(flat) == 7);
}

TEST_CASE("the plain generator can be asked for", "[unwrap]") {
  const TorchValue root = dict_of(
      {{"generator_ema", dict_of({{"a", tensor(1)}})}, {"generator", dict_of({{"a", tensor(2)}})}});
  CHECK(first_value(unwrap_state_dict(root, "it")) == 1);
  CHECK(first_value(unwrap_state_dict(root, "it", {.prefers_ema = false})) == 2);
}

TEST_CASE("wrappers inside wrappers are followed", "[unwrap]") {
  const TorchValue root =
      dict_of({{"generator", dict_of({{"model", dict_of({{"a", tensor(3)}})}})}});
  const auto state = unwrap_state_dict(root, "it");
  CHECK(state.wrapper == "generator.model");
  CHECK(first_value(state) == 3);
}

TEST_CASE("step and epoch are reported, other entries named", "[unwrap]") {
  const TorchValue root = dict_of({{"state_dict", dict_of({{"a", tensor(1)}})},
                                   {"epoch", {int64_t{3}}},
                                   {"step", {int64_t{1234}}},
                                   {"optimizer", dict_of({{"lr", {0.1}}})}});
  const auto state = unwrap_state_dict(root, "it");
  CHECK(state.step == 1234);
  CHECK(state.epoch == 3);
  CHECK(state.unread == std::vector<std::string>{"optimizer"});
}

TEST_CASE("parts of names that wrappers of training added are removed", "[unwrap]") {
  CHECK(checkpoints::strip_wrapper_names(
            "model.module._orig_mod.blocks.0._fsdp_wrapped_module.attn."
            "_checkpoint_wrapped_module.qkv.weight") == "blocks.0.attn.qkv.weight");
  CHECK(checkpoints::strip_wrapper_names("blocks.0.attn.qkv.weight") == "blocks.0.attn.qkv.weight");
  CHECK(checkpoints::strip_wrapper_names("submodel.modules.weight") == "submodel.modules.weight");
  const auto state =
      unwrap_state_dict(dict_of({{"module.b", tensor(1)}, {"module.a", tensor(2)}}), "it");
  CHECK(state.tensors.at(0).name == "b");  // the file's order
  CHECK(state.tensors.at(1).name == "a");
}

TEST_CASE("what holds no tensors, or two of one name, is refused", "[unwrap]") {
  using sana_test::contains;
  using sana_test::message_of;
  const auto message = [](const TorchValue& root) {
    return message_of<UserError>([&] { unwrap_state_dict(root, "'a.pth'"); });
  };
  CHECK(contains(message({int64_t{1}}), "'a.pth' holds no dictionary of tensors"));
  CHECK(contains(message(dict_of({{"step", {int64_t{1}}}})), "'a.pth' holds no tensor"));
  CHECK(contains(message(dict_of({{"state_dict", dict_of({{"lr", {0.5}}})}})),
                 "holds no tensor in 'state_dict'"));
  CHECK(
      contains(message(dict_of({{"model.a", tensor(1)}, {"a", tensor(2)}})),
               "two tensors are named 'a' once the names of wrappers are taken off: 'model.a' and "
               "'a'"));
}

}  // namespace sana
