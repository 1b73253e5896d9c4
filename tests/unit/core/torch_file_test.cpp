// Files that torch.save wrote, against what Python reads from them.
#include "core/torch_file/torch_file.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "torch_flatten.h"

using sana::load_torch_file;
using sana::TorchValue;
using sana_test::Leaves;
using sana_test::leaves_of;

namespace {

std::string torch_data(const std::string& name) { return SANA_TEST_DATA "/torch/" + name; }

nlohmann::json as_json(const TorchValue& leaf) {
  if (const auto* flag = std::get_if<bool>(&leaf.value)) return *flag;
  if (const auto* integer = std::get_if<int64_t>(&leaf.value)) return *integer;
  if (const auto* number = std::get_if<double>(&leaf.value)) return *number;
  if (const auto* text = std::get_if<std::string>(&leaf.value)) return *text;
  if (std::holds_alternative<TorchValue::List>(leaf.value)) return nlohmann::json::array();
  if (std::holds_alternative<TorchValue::Dict>(leaf.value)) return nlohmann::json::object();
  return nullptr;
}

const at::Tensor& tensor(const Leaves& leaves, const std::string& path) {
  return std::get<at::Tensor>(leaves.at(path).value);
}

// Compares <name>.pt with the tensors and scalars of <name>.safetensors, which Python wrote.
void check_against_python(const std::string& name) {
  INFO(name);
  Leaves leaves = leaves_of(load_torch_file(torch_data(name + ".pt")));
  const sana::SafetensorsFile expected(torch_data(name + ".safetensors"));
  for (const auto& [path, entry] : expected.entries()) {
    INFO(path);
    const at::Tensor found = tensor(leaves, path);
    CHECK(found.scalar_type() == entry.dtype);
    CHECK(found.sizes() == at::IntArrayRef(entry.shape));
    CHECK(at::equal(found.to(at::kDouble), expected.tensor(path).to(at::kDouble)));
    leaves.erase(path);
  }
  for (const auto& [path, text] : expected.metadata()) {
    if (path == "torch") continue;
    INFO(path);
    REQUIRE(leaves.count(path) == 1);
    CHECK(as_json(leaves.at(path)) == nlohmann::json::parse(text));
    leaves.erase(path);
  }
  CHECK(leaves.empty());
}

}  // namespace

TEST_CASE("what torch.save wrote is read as Python reads it", "[torch_file]") {
  for (const char* name :
       {"plain", "module", "training", "protocol4", "parameters", "dtypes", "views"}) {
    check_against_python(name);
  }
}

TEST_CASE("a state dict keeps its order and loses its attributes", "[torch_file]") {
  const TorchValue value = load_torch_file(torch_data("module.pt"));
  std::vector<std::string> keys;
  for (const auto& [key, unused] : std::get<TorchValue::Dict>(value.value)) keys.push_back(key);
  CHECK(keys ==
        std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"});
}

TEST_CASE("integer keys become text", "[torch_file]") {
  const Leaves leaves = leaves_of(load_torch_file(torch_data("training.pt")));
  CHECK(std::get<double>(leaves.at("optimizer.param_groups.0.lr").value) == 1e-3);
  CHECK(tensor(leaves, "optimizer.state.0.exp_avg").sizes() == at::IntArrayRef({4, 3}));
}

TEST_CASE("tensors keep their strides and share their storage", "[torch_file]") {
  const Leaves leaves = leaves_of(load_torch_file(torch_data("views.pt")));
  const at::Tensor base = tensor(leaves, "base");
  CHECK(tensor(leaves, "transposed").strides() == at::IntArrayRef({1, 4}));
  CHECK(tensor(leaves, "repeated").strides() == at::IntArrayRef({0, 1}));
  CHECK(tensor(leaves, "row").is_alias_of(base));
  CHECK_FALSE(tensor(leaves, "repeated").is_alias_of(base));
  base.fill_(3);
  for (const char* name : {"transposed", "row", "every_other", "same"}) {
    CHECK(at::equal(tensor(leaves, name), at::full_like(tensor(leaves, name), 3)));
  }
}

TEST_CASE("tensors lie in the file's own pages and outlive everything else", "[torch_file]") {
  at::Tensor weight;
  {
    const Leaves leaves = leaves_of(load_torch_file(torch_data("plain.pt")));
    weight = tensor(leaves, "0.weight");
    CHECK(reinterpret_cast<uintptr_t>(weight.const_data_ptr()) % 64 == 0);
  }
  const at::Tensor before = weight.clone();
  weight.fill_(5);
  CHECK(at::equal(tensor(leaves_of(load_torch_file(torch_data("plain.pt"))), "0.weight"), before));
}

TEST_CASE("archives of other ZIP programs are read, aligned or not", "[torch_file]") {
  for (const char* name : {"unaligned.pt", "zip64.pt"}) {
    INFO(name);
    const at::Tensor w = tensor(leaves_of(load_torch_file(torch_data(name))), "w");
    CHECK(at::equal(w, at::arange(3, at::kFloat)));
    CHECK(reinterpret_cast<uintptr_t>(w.const_data_ptr()) % 4 == 0);
  }
}
