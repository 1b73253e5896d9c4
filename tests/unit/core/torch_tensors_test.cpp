// Tensors of a torch.save file that do not fit their storage.
#include <ATen/ATen.h>

#include <vector>

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "torch_archive.h"

using sana::UserError;
using sana_test::contains;
using sana_test::load_pickle;
using sana_test::message_of;
using sana_test::pickled_text;
using namespace std::string_literals;

namespace {

constexpr int64_t kLargest = INT64_MAX;

struct WrittenTensor {
  std::string storage_class = "torch\nFloatStorage";
  std::string key = "0";
  int64_t numel = 6;
  int64_t offset = 0;
  std::vector<int64_t> sizes = {}, strides = {};
  std::string metadata = {};  // a seventh argument

  std::string pickle() const;
};

std::string pickled_integer(int64_t value) {
  return "\x8a\x08"s + std::string(reinterpret_cast<const char*>(&value), 8);
}

std::string pickled_integers(const std::vector<int64_t>& values) {
  std::string all = "(";
  for (int64_t value : values) all += pickled_integer(value);
  return all + "t";
}

std::string WrittenTensor::pickle() const {
  return "\x80\x02"
         "ctorch._utils\n_rebuild_tensor_v2\n((" +
         pickled_text("storage") + "c" + storage_class + "\n"s + pickled_text(key) +
         pickled_text("cpu") + pickled_integer(numel) + "tQ" + pickled_integer(offset) +
         pickled_integers(sizes) + pickled_integers(strides) +
         "\x89"
         "ccollections\nOrderedDict\n)R" +
         metadata + "tR.";
}

at::Tensor read_tensor(const WrittenTensor& tensor) {
  return std::get<at::Tensor>(load_pickle(tensor.pickle(), /*storage_bytes=*/24).value);
}

std::string complaint_about_tensor(const WrittenTensor& tensor) {
  return message_of<UserError>([&] { read_tensor(tensor); });
}

}  // namespace

TEST_CASE("a view may use all of its storage", "[torch_file]") {
  CHECK(read_tensor({.sizes = {2, 3}, .strides = {3, 1}}).sizes() == at::IntArrayRef({2, 3}));
  CHECK(read_tensor({.offset = 5, .sizes = {}, .strides = {}}).dim() == 0);
  CHECK(read_tensor({.offset = 1, .sizes = {2, 2}, .strides = {1, 3}}).stride(1) == 3);
  CHECK(read_tensor({.offset = 99, .sizes = {0, 7}, .strides = {7, 1}}).numel() == 0);
  CHECK(read_tensor({.sizes = {2}, .strides = {1}, .metadata = "}"}).numel() == 2);
}

TEST_CASE("a view beyond its storage is refused", "[torch_file]") {
  const std::string beyond = complaint_about_tensor({.sizes = {2, 3}, .strides = {4, 1}});
  CHECK(contains(beyond, "a tensor of shape [2, 3] needs 7 elements of storage '0', which has 6"));
  CHECK(contains(complaint_about_tensor({.offset = 6, .sizes = {}, .strides = {}}),
                 "needs 7 elements"));
  CHECK(
      contains(complaint_about_tensor({.offset = -1, .sizes = {1}, .strides = {1}}), "offset -1"));
  CHECK(contains(complaint_about_tensor({.sizes = {2}, .strides = {-1}}), "strides [-1]"));
  CHECK(contains(complaint_about_tensor({.sizes = {-2}, .strides = {1}}), "has shape [-2]"));
  CHECK(contains(complaint_about_tensor({.sizes = {2}, .strides = {1, 1}}),
                 "1 sizes, but 2 strides"));
}

TEST_CASE("sizes, strides and offsets that overflow are refused", "[torch_file]") {
  CHECK(contains(complaint_about_tensor({.sizes = {kLargest, kLargest}, .strides = {0, 0}}),
                 "is too large"));
  CHECK(contains(complaint_about_tensor({.sizes = {0, kLargest, kLargest}, .strides = {0, 0, 0}}),
                 "too large"));
  CHECK(contains(complaint_about_tensor({.sizes = {2}, .strides = {kLargest}}),
                 "strides [9223372036854775807]"));
  CHECK(contains(complaint_about_tensor({.offset = kLargest, .sizes = {1}, .strides = {1}}),
                 "offset 92233720"));
  CHECK(contains(complaint_about_tensor({.numel = kLargest, .sizes = {1}, .strides = {1}}),
                 "is too large"));
  CHECK(contains(complaint_about_tensor({.numel = -1, .sizes = {1}, .strides = {1}}),
                 "has -1 elements"));
  const std::vector<int64_t> ones(65, 1);
  CHECK(contains(complaint_about_tensor({.sizes = ones, .strides = ones}), "has 65 dimensions"));
}

TEST_CASE("an expanded tensor may not grow beyond its file when it is copied", "[torch_file]") {
  CHECK(read_tensor({.sizes = {9}, .strides = {0}}).numel() == 9);
  CHECK(contains(complaint_about_tensor({.sizes = {1'000'000}, .strides = {0}}),
                 "more than the file"));
}

TEST_CASE("storages must be there and have the size they claim", "[torch_file]") {
  CHECK(contains(complaint_about_tensor({.key = "1", .sizes = {1}, .strides = {1}}),
                 "'x/data/1' is missing"));
  CHECK(contains(complaint_about_tensor({.numel = 7, .sizes = {1}, .strides = {1}}),
                 "entry 'x/data/0' has 24 bytes, but storage '0' should have 28"));
  CHECK(contains(
      complaint_about_tensor({.storage_class = "torch\nQInt8Storage", .sizes = {}, .strides = {}}),
      "refuses to build 'torch.QInt8Storage'"));
  CHECK(contains(complaint_about_tensor({.storage_class = "torch.storage\nUntypedStorage",
                                         .numel = 24,
                                         .sizes = {1},
                                         .strides = {1}}),
                 "a tensor has no dtype"));
}

TEST_CASE("conjugate and negative views are refused", "[torch_file]") {
  CHECK(contains(
      complaint_about_tensor(
          {.sizes = {1}, .strides = {1}, .metadata = "}"s + pickled_text("conj") + "\x88s"}),
      "a tensor with metadata is not supported"));
}
