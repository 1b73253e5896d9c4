// Files of save_torch_file.
#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/torch_file/torch_file.h"
#include "core/zip/reader.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"
#include "torch_flatten.h"

using sana::load_torch_file;
using sana::save_torch_file;
using sana::TorchValue;
using sana_test::contains;
using sana_test::leaves_of;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

namespace {

using List = TorchValue::List;
using Dict = TorchValue::Dict;

TorchValue text(const char* value) { return {std::string(value)}; }

TorchValue of(at::Tensor tensor) { return {std::move(tensor)}; }

TorchValue sample_values() {
  const at::Tensor base = at::arange(6, at::kFloat).reshape({2, 3});
  return {Dict{{"state_dict", {Dict{{"a.weight", of(base)}, {"a.tied", of(base)}}}},
               {"transposed", of(base.t())},
               {"empty", of(at::empty({0, 4}))},
               {"scalar", of(at::scalar_tensor(2.5, at::kBFloat16))},
               {"flags", of(at::ones({3}, at::kBool))},
               {"bytes", of(at::ones({2, 2}).to(at::kFloat8_e4m3fn))},
               {"list", {List{{int64_t{7}}, {true}, {}, {1.5}, text("größe"), {List{}}, {Dict{}}}}},
               {"large", {std::numeric_limits<int64_t>::min()}},
               {"", text("")}}};
}

void check_equal(const TorchValue& a, const TorchValue& b) {
  const auto left = leaves_of(a), right = leaves_of(b);
  REQUIRE(left.size() == right.size());
  for (const auto& [path, value] : left) {
    INFO(path);
    REQUIRE(right.count(path) == 1);
    const TorchValue& other = right.at(path);
    REQUIRE(value.value.index() == other.value.index());
    if (const auto* tensor = std::get_if<at::Tensor>(&value.value)) {
      const auto& found = std::get<at::Tensor>(other.value);
      CHECK(found.scalar_type() == tensor->scalar_type());
      CHECK(found.sizes() == tensor->sizes());
      CHECK(at::equal(found.to(at::kDouble), tensor->to(at::kDouble)));
    }
    if (const auto* integer = std::get_if<int64_t>(&value.value)) {
      CHECK(*integer == std::get<int64_t>(other.value));
    }
    if (const auto* flag = std::get_if<bool>(&value.value)) {
      CHECK(*flag == std::get<bool>(other.value));
    }
    if (const auto* number = std::get_if<double>(&value.value)) {
      CHECK(*number == std::get<double>(other.value));
    }
    if (const auto* string = std::get_if<std::string>(&value.value)) {
      CHECK(*string == std::get<std::string>(other.value));
    }
  }
}

}  // namespace

TEST_CASE("what is saved reads back equal", "[torch_file]") {
  const TemporaryDirectory folder;
  save_torch_file(folder / "model.pth", sample_values());
  check_equal(sample_values(), load_torch_file(folder / "model.pth"));
}

TEST_CASE("saving twice gives the same bytes", "[torch_file]") {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "again");
  save_torch_file(folder / "model.pth", sample_values());
  save_torch_file(folder / "again/model.pth", sample_values());
  CHECK(sana_test::file_bytes(folder / "model.pth") ==
        sana_test::file_bytes(folder / "again/model.pth"));
}

TEST_CASE("an archive is named after its file and its data is aligned", "[torch_file]") {
  const TemporaryDirectory folder;
  save_torch_file(folder / "model.v2.pth", sample_values());
  const std::string bytes = sana_test::file_bytes(folder / "model.v2.pth");
  const auto entries = sana::zip::read_entries(bytes);
  CHECK(entries.at("model.v2/version") == "3\n");
  CHECK(entries.at("model.v2/byteorder") == "little");
  // base, base.t(), and four others; the tied weight needs no storage of its own.
  CHECK(entries.count("model.v2/data/5") == 1);
  CHECK(entries.count("model.v2/data/6") == 0);
  for (const auto& [name, data] : entries) {
    INFO(name);
    CHECK((data.data() - bytes.data()) % 64 == 0);
  }
}

TEST_CASE("a file may hold a single tensor or more entries than plain ZIP can count",
          "[torch_file]") {
  const TemporaryDirectory folder;
  save_torch_file(folder / "one.pt", of(at::ones({2})));
  CHECK(at::equal(std::get<at::Tensor>(load_torch_file(folder / "one.pt").value), at::ones({2})));
  List many;
  for (int64_t i = 0; i < 65'600; ++i) many.push_back(of(at::full({1}, i, at::kInt)));
  save_torch_file(folder / "many.pt", {many});
  const TorchValue read = load_torch_file(folder / "many.pt");
  const auto& list = std::get<List>(read.value);
  REQUIRE(list.size() == many.size());
  CHECK(std::get<at::Tensor>(list.back().value).item<int>() == 65'599);
}

TEST_CASE("values that Python could not read are not saved", "[torch_file]") {
  const TemporaryDirectory folder;
  const auto complaint = [&](const TorchValue& value) {
    const auto message =
        message_of<sana::UserError>([&] { save_torch_file(folder / "x.pt", value); });
    CHECK(contains(message, "x.pt"));
    CHECK(std::filesystem::is_empty(folder.path()));
    return message;
  };
  CHECK(contains(complaint({Dict{{"name", text("\xff")}}}), "'name': "));
  CHECK(contains(complaint({Dict{{"\xc3", {}}}}), "is not UTF-8"));
  CHECK(contains(complaint({Dict{{"a", {}}, {"a", {}}}}), "has the key 'a' twice"));
  CHECK(contains(complaint({Dict{{"z", of(at::zeros({1}, at::kComplexFloat))}}}), "ComplexFloat"));
  CHECK(contains(complaint(of(at::Tensor())), "has no dense data"));
  TorchValue deep;
  for (int i = 0; i < 70; ++i) deep = {List{deep}};
  CHECK(contains(complaint(deep), "nested deeper than 64"));
}

TEST_CASE("a full disk leaves the old file as it was", "[torch_file]") {
  const TemporaryDirectory folder;
  const auto path = folder.file("model.pt", "old");
  {
    const sana_test::FileSizeLimit limit(1000);
    CHECK_THROWS_AS(save_torch_file(path, of(at::ones({10'000}))), sana::EnvironmentError);
  }
  CHECK(sana_test::file_bytes(path) == "old");
  CHECK_FALSE(std::filesystem::exists(folder / "model.pt.partial"));
}
