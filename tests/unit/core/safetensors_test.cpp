#include "core/safetensors.h"

#include <ATen/ATen.h>

#include <cstring>

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"

using sana::EnvironmentError;
using sana::SafetensorsFile;
using sana::TensorMap;
using sana::UserError;
using sana_test::contains;
using sana_test::file_bytes;
using sana_test::message_of;
using sana_test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

// One tensor of each dtype, odd sizes so that nothing is aligned by luck.
TensorMap tensors_of_every_dtype() {
  const at::Tensor numbers = at::arange(5, at::kFloat) - 2;
  TensorMap tensors;
  for (at::ScalarType dtype :
       {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort,
        at::kChar, at::kByte, at::kBool, at::kFloat8_e4m3fn, at::kFloat8_e5m2}) {
    // 1..5 for unsigned bytes, which have no -2.
    tensors[c10::toString(dtype)] = (dtype == at::kByte ? numbers + 3 : numbers).to(dtype);
  }
  tensors["scalar"] = at::tensor(2.5f);
  tensors["empty"] = at::empty({0, 3});
  tensors["transposed"] = at::arange(6, at::kFloat).view({2, 3}).t();
  return tensors;
}

bool same(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         at::equal(a.to(at::kDouble), b.to(at::kDouble));
}

}  // namespace

TEST_CASE("tensors of every dtype and metadata survive a file", "[safetensors]") {
  const TemporaryDirectory folder;
  const TensorMap written = tensors_of_every_dtype();
  const sana::Metadata metadata = {{"step", "10"}, {"text", "a \"b\"\n日本"}};
  sana::save_safetensors(folder / "a.safetensors", written, metadata);
  const SafetensorsFile file(folder / "a.safetensors");
  CHECK(file.metadata() == metadata);
  CHECK(file.entries().size() == written.size());
  for (const auto& [name, tensor] : file.tensors()) {
    INFO(name);
    CHECK(same(tensor, written.at(name)));
  }
}

TEST_CASE("each tensor's data is aligned for its type", "[safetensors]") {
  const TemporaryDirectory folder;
  const TensorMap written = tensors_of_every_dtype();
  sana::save_safetensors(folder / "a.safetensors", written);
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file_bytes(folder / "a.safetensors").data(), 8);
  CHECK((8 + header_bytes) % 8 == 0);
  const SafetensorsFile file(folder / "a.safetensors");
  for (const auto& [name, entry] : file.entries()) {
    INFO(name);
    CHECK(entry.begin % c10::elementSize(entry.dtype) == 0);
  }
}

// Header of a file that the reference implementation (safetensors 0.8, Python) wrote.
TEST_CASE("tensors lie in the file as the reference implementation has them", "[safetensors]") {
  const TemporaryDirectory folder;
  TensorMap tensors;
  const std::vector<at::ScalarType> dtypes = {
      at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong,          at::kInt,
      at::kShort, at::kChar,   at::kByte, at::kBool,     at::kFloat8_e4m3fn, at::kFloat8_e5m2};
  for (size_t i = 0; i < dtypes.size(); ++i) {
    tensors[fmt::format("t{}", i)] = at::zeros({3}).to(dtypes[i]);
  }
  sana::save_safetensors(folder / "a.safetensors", tensors, {{"format", "pt"}});
  const std::string expected =
      R"({"__metadata__":{"format":"pt"},"t4":{"dtype":"I64","shape":[3],"data_offsets":[0,24]},)"
      R"("t1":{"dtype":"F64","shape":[3],"data_offsets":[24,48]},)"
      R"("t0":{"dtype":"F32","shape":[3],"data_offsets":[48,60]},)"
      R"("t5":{"dtype":"I32","shape":[3],"data_offsets":[60,72]},)"
      R"("t3":{"dtype":"BF16","shape":[3],"data_offsets":[72,78]},)"
      R"("t2":{"dtype":"F16","shape":[3],"data_offsets":[78,84]},)"
      R"("t6":{"dtype":"I16","shape":[3],"data_offsets":[84,90]},)"
      R"("t10":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[90,93]},)"
      R"("t11":{"dtype":"F8_E5M2","shape":[3],"data_offsets":[93,96]},)"
      R"("t7":{"dtype":"I8","shape":[3],"data_offsets":[96,99]},)"
      R"("t8":{"dtype":"U8","shape":[3],"data_offsets":[99,102]},)"
      R"("t9":{"dtype":"BOOL","shape":[3],"data_offsets":[102,105]}})";
  CHECK(file_bytes(folder / "a.safetensors").substr(8, expected.size()) == expected);
}

TEST_CASE("a list of tensors is read and written one by one", "[safetensors]") {
  const TemporaryDirectory folder;
  const TensorMap tensors = {{"b", at::arange(4)}, {"a", at::ones({2, 3}, at::kBFloat16)}};
  sana::save_safetensors(folder / "a.safetensors", tensors, {{"format", "pt"}});
  sana::Metadata metadata;
  sana::TensorList list = sana::list_safetensors(folder / "a.safetensors", &metadata);
  REQUIRE(list.size() == 2);
  CHECK(metadata.at("format") == "pt");
  CHECK(list[0].name == "a");
  CHECK(list[0].shape == std::vector<int64_t>{2, 3});
  CHECK(list[0].num_bytes() == 12);
  CHECK(same(list[1].load(), tensors.at("b")));
  std::swap(list[0], list[1]);
  sana::save_tensor_list(folder / "b.safetensors", list, metadata);
  CHECK(file_bytes(folder / "b.safetensors") == file_bytes(folder / "a.safetensors"));
  list.push_back(list.front());
  CHECK(contains(
      message_of<UserError>([&] { sana::save_tensor_list(folder / "c.safetensors", list); }),
      "b: another has that name"));
}

TEST_CASE("writing to a mapped tensor never reaches the file", "[safetensors]") {
  const TemporaryDirectory folder;
  const auto path = folder / "a.safetensors";
  sana::save_safetensors(path, {{"x", at::ones({4})}});
  const std::string before = file_bytes(path);
  at::Tensor tensor = SafetensorsFile(path).tensor("x");
  tensor.fill_(7);  // the SafetensorsFile is gone: the tensor keeps the mapping alive
  CHECK(tensor.sum().item<float>() == 28);
  CHECK(file_bytes(path) == before);
  CHECK(SafetensorsFile(path).tensor("x").sum().item<float>() == 4);
}

TEST_CASE("a mapped tensor outlives the replacement of its file", "[safetensors]") {
  const TemporaryDirectory folder;
  const auto path = folder / "a.safetensors";
  sana::save_safetensors(path, {{"x", at::ones({1000})}});
  const at::Tensor old = SafetensorsFile(path).tensor("x");
  sana::save_safetensors(path, {{"x", at::zeros({2})}});
  CHECK(old.sum().item<float>() == 1000);
}

TEST_CASE("an unknown tensor is refused by name", "[safetensors]") {
  const TemporaryDirectory folder;
  sana::save_safetensors(folder / "a.safetensors", {{"x", at::ones({1})}});
  const SafetensorsFile file(folder / "a.safetensors");
  CHECK_FALSE(file.contains("y"));
  CHECK(contains(message_of<UserError>([&] { file.tensor("y"); }), "holds no tensor 'y'"));
}

TEST_CASE("a full disk while saving keeps the old weights", "[safetensors]") {
  const TemporaryDirectory folder;
  const auto path = folder / "a.safetensors";
  sana::save_safetensors(path, {{"x", at::ones({4})}});
  const std::string before = file_bytes(path);

  fs::create_symlink("/dev/full", folder / "a.safetensors.partial");
  CHECK(contains(message_of<EnvironmentError>([&] {
                   sana::save_safetensors(path, {{"x", at::zeros({4})}});
                 }),
                 "No space left on device"));
  {
    const sana_test::FileSizeLimit limit(64 * 1024);
    CHECK_THROWS_AS(sana::save_safetensors(path, {{"x", at::zeros({100000})}}), EnvironmentError);
  }
  CHECK(file_bytes(path) == before);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an unwritable place is named", "[safetensors]") {
  const TemporaryDirectory folder;
  const auto path = folder / "none/a.safetensors";
  CHECK(contains(message_of<EnvironmentError>([&] { sana::save_safetensors(path, {}); }),
                 "cannot write '" + path.string() + "'"));
}

TEST_CASE("what the format cannot hold is refused before a file is touched", "[safetensors]") {
  const TemporaryDirectory folder;
  const auto path = folder / "a.safetensors";
  CHECK_THROWS_AS(sana::save_safetensors(path, {{"x", at::zeros({1}, at::kComplexFloat)}}),
                  UserError);
  CHECK_THROWS_AS(sana::save_safetensors(path, {{"__metadata__", at::zeros({1})}}), UserError);
  CHECK_THROWS_AS(sana::save_safetensors(path, {{"x", at::Tensor()}}), UserError);
  CHECK_THROWS_AS(sana::save_safetensors(path, {{"\xff", at::zeros({1})}}), UserError);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a sharded model is read through its index", "[safetensors]") {
  const TemporaryDirectory folder;
  sana::save_safetensors(folder / "m-1.safetensors", {{"a", at::ones({1})}, {"b", at::ones({2})}});
  sana::save_safetensors(folder / "m-2.safetensors", {{"c", at::ones({3})}});
  const auto index = [&](const std::string& map) {
    return folder.file("m.safetensors.index.json",
                       "{\"metadata\": {}, \"weight_map\": " + map + "}");
  };
  const auto path =
      index(R"({"a": "m-1.safetensors", "b": "m-1.safetensors", "c": "m-2.safetensors"})");
  CHECK(sana::load_safetensors(path).size() == 3);
  CHECK(sana::load_safetensors(path).at("c").numel() == 3);
  CHECK(sana::safetensors_files(path) ==
        std::vector<std::filesystem::path>{path, folder / "m-1.safetensors",
                                           folder / "m-2.safetensors"});

  index(R"({"a": "m-1.safetensors", "b": "m-1.safetensors", "d": "m-2.safetensors"})");
  CHECK(contains(message_of<UserError>([&] { sana::load_safetensors(path); }),
                 "holds no tensor 'd'"));
  index(R"({"a": "m-1.safetensors"})");
  CHECK(contains(message_of<UserError>([&] { sana::load_safetensors(path); }),
                 "holds tensor 'b', which 'm.safetensors.index.json' does not place there"));
  index(R"({"a": "../m-1.safetensors"})");
  CHECK(contains(message_of<UserError>([&] { sana::load_safetensors(path); }),
                 "must lie beside the index"));
  index(R"({"a": "m-9.safetensors"})");
  CHECK(contains(message_of<UserError>([&] { sana::load_safetensors(path); }), "m-9.safetensors"));
}
