// Files that lie about themselves.
#include <ATen/ATen.h>

#include <cstring>

#include "core/error.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

using sana::SafetensorsFile;
using sana::UserError;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

namespace {

std::string file_of(const std::string& header, size_t data_bytes) {
  const uint64_t size = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &size, 8);
  return bytes + header + std::string(data_bytes, '\0');
}

// What the reader says of a file of these bytes; also checks that it names the file.
std::string complaint_about_bytes(const std::string& bytes) {
  const TemporaryDirectory folder;
  const auto path = folder.file("bad.safetensors", bytes);
  const auto message = message_of<UserError>([&] { SafetensorsFile{path}; });
  CHECK(contains(message, path.string()));
  return message;
}

std::string complaint_about_header(const std::string& header, size_t data_bytes) {
  return complaint_about_bytes(file_of(header, data_bytes));
}

}  // namespace

TEST_CASE("a file built by hand is read, also where its data is not aligned", "[safetensors]") {
  const TemporaryDirectory folder;
  // Header of odd length, and a byte before the floats.
  const auto path = folder.file("a.safetensors",
                                file_of(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                        R"("f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]} })",
                                        9));
  const SafetensorsFile file(path);
  CHECK(at::equal(file.tensor("f"), at::zeros({2})));
  CHECK(reinterpret_cast<uintptr_t>(file.tensor("f").const_data_ptr()) % 4 == 0);
}

TEST_CASE("files too short for a header are refused", "[safetensors]") {
  CHECK(contains(complaint_about_bytes(""), "has 0 bytes"));
  CHECK(contains(complaint_about_bytes("1234567"), "has 7 bytes"));
  const TemporaryDirectory folder;
  CHECK(contains(message_of<UserError>([&] { SafetensorsFile{folder.path()}; }), "not a file"));
  CHECK(contains(message_of<UserError>([&] { SafetensorsFile{folder / "none"}; }), "No such file"));
}

TEST_CASE("a header of absurd size is refused before it is read", "[safetensors]") {
  CHECK(contains(complaint_about_bytes(std::string(16, '\xff')), "18446744073709551615 bytes"));
  std::string just_over = file_of("{}", 0);
  const uint64_t size = 100'000'001;
  std::memcpy(just_over.data(), &size, 8);
  CHECK(contains(complaint_about_bytes(just_over), "at most 100000000 are allowed"));
  const uint64_t beyond_file = 1000;
  std::memcpy(just_over.data(), &beyond_file, 8);
  CHECK(contains(complaint_about_bytes(just_over), "is truncated"));
}

TEST_CASE("a truncated file is refused wherever it was cut", "[safetensors]") {
  const TemporaryDirectory folder;
  sana::save_safetensors(folder / "whole.safetensors",
                         {{"a", at::ones({3})}, {"b", at::ones({2}, at::kHalf)}});
  const std::string whole = sana_test::file_bytes(folder / "whole.safetensors");
  for (size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    complaint_about_bytes(whole.substr(0, size));
  }
  CHECK(contains(complaint_about_bytes(whole.substr(0, whole.size() - 1)), "truncated"));
  CHECK(contains(complaint_about_bytes(whole + "x"), "the last 1 bytes belong to no tensor"));
}

TEST_CASE("overlapping tensors are refused by name", "[safetensors]") {
  CHECK(contains(complaint_about_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                        R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                                        12),
                 "tensors 'a' and 'b' overlap"));
}

TEST_CASE("bytes between tensors are refused", "[safetensors]") {
  CHECK(contains(
      complaint_about_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8),
      "4 bytes before tensor 'a' belong to no tensor"));
}

TEST_CASE("offsets outside the file are refused by tensor", "[safetensors]") {
  const auto complaint = [](const std::string& offsets) {
    return complaint_about_header(
        R"({"w":{"dtype":"F32","shape":[2],"data_offsets":)" + offsets + "}}", 8);
  };
  CHECK(contains(complaint("[0,16]"), "tensor 'w': data_offsets [0, 16] lie outside the 8 bytes"));
  CHECK(contains(complaint("[8,0]"), "run backwards"));
  CHECK(contains(complaint("[-8,0]"), "are not two positions"));
  CHECK(contains(complaint("[0,8.0]"), "are not two positions"));
  CHECK(contains(complaint("[0]"), "are not two positions"));
  CHECK(contains(complaint("[0,18446744073709551615]"), "lie outside"));
  CHECK(contains(complaint("[0,99999999999999999999999]"), "are not two positions"));
}

TEST_CASE("shapes that do not fit their bytes are refused", "[safetensors]") {
  const auto complaint = [](const std::string& shape) {
    return complaint_about_header(
        R"({"w":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,8]}})", 8);
  };
  CHECK(contains(complaint("[3]"), "hold 8 bytes, but shape [3] of F32 needs 12"));
  CHECK(contains(complaint("[]"), "needs 4"));
  CHECK(contains(complaint("[-2]"), "something other than sizes"));
  CHECK(contains(complaint("[2.0]"), "something other than sizes"));
  CHECK(contains(complaint("2"), "shape is not a list"));
  // Products that come out as 8 modulo 2^64.
  CHECK(contains(complaint("[4611686018427387906]"), "is too large"));
  CHECK(contains(complaint("[4294967296, 4294967296, 2]"), "is too large"));
  CHECK(contains(complaint("[0, 9223372036854775807, 9223372036854775807]"), "is too large"));
  CHECK(contains(complaint("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]"), "has 17 dimensions"));
}

TEST_CASE("headers that are not what the format says are refused", "[safetensors]") {
  CHECK(contains(complaint_about_header("{", 0), "not valid JSON"));
  CHECK(contains(complaint_about_header("[]", 0), "not a JSON object"));
  CHECK(contains(complaint_about_header(std::string(1000, '['), 0), "nested too deeply"));
  CHECK(
      contains(complaint_about_header(R"({"a":1})", 0), "tensor 'a': its entry is not an object"));
  CHECK(contains(complaint_about_header(R"({"a":{"dtype":"F32","shape":[]}})", 0),
                 "data_offsets is missing"));
  CHECK(contains(
      complaint_about_header(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}})", 0),
      "unknown field 'x'"));
  CHECK(contains(
      complaint_about_header(R"({"a":{"dtype":"F3","shape":[0],"data_offsets":[0,0]}})", 0),
      "dtype F3 is not one of I64, F64, F32"));
  CHECK(contains(complaint_about_header(R"({"a":{"dtype":3,"shape":[0],"data_offsets":[0,0]}})", 0),
                 "dtype 3 is not one of"));
  CHECK(contains(complaint_about_header(R"({"__metadata__":{"step":3}})", 0),
                 "__metadata__ 'step' is not a string"));
  CHECK(contains(complaint_about_header(R"({"__metadata__":[]})", 0), "is not an object"));
  CHECK(contains(complaint_about_header("{\"\xff\":1}", 0), "not valid JSON"));
}

TEST_CASE("a name given twice is refused", "[safetensors]") {
  const std::string entry = R"({"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  CHECK(contains(complaint_about_header(R"({"a":)" + entry + R"(,"a":)" + entry + "}", 0),
                 "names 'a' twice"));
  CHECK(contains(complaint_about_header(R"({"__metadata__":{"k":"1","k":"2"}})", 0),
                 "names 'k' twice"));
  // The same word in different objects is no repetition.
  const TemporaryDirectory folder;
  const auto path = folder.file(
      "a.safetensors",
      file_of(R"({"__metadata__":{"k":"1"},"k":)" + entry + R"(,"b":)" + entry + "}", 0));
  CHECK(SafetensorsFile(path).entries().size() == 2);
}
