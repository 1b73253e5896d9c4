// What a pickle of torch.save can build. Values are small and refer to objects that an Arena owns,
// so that lists which hold themselves neither leak nor recurse when they are destroyed.
#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/pickle/globals.h"

namespace sana::pickle {

struct Sequence;
struct Dict;
struct Storage;
struct TensorView;

// std::monostate is None; texts lie in the pickle itself.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string_view, Sequence*,
                           Dict*, const Storage*, const TensorView*, const Global*>;

struct Sequence {
  bool is_tuple = false;
  std::vector<Value> items;
};

struct Dict {
  bool is_ordered = false;  // collections.OrderedDict
  std::vector<std::pair<Value, Value>> items;
};

// A persistent id: one entry data/<key> of the archive.
struct Storage {
  std::string_view key;
  std::optional<at::ScalarType> dtype;  // none: bytes whose tensors name their type
  int64_t numel = 0;                    // elements, or bytes
};

// Arguments of torch._utils._rebuild_tensor_v2, in elements, not checked against the storage.
struct TensorView {
  const Storage* storage = nullptr;
  at::ScalarType dtype = at::kFloat;
  int64_t offset = 0;
  std::vector<int64_t> sizes, strides;
};

// Owner of everything that the values of one pickle refer to.
struct Arena {
  std::deque<Sequence> sequences;
  std::deque<Dict> dicts;
  std::deque<Storage> storages;
  std::deque<TensorView> tensors;
};

// "a dict", for messages.
const char* kind_of(const Value& value);

}  // namespace sana::pickle
