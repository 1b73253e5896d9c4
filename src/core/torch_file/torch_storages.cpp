#include "core/torch_file/torch_storages.h"

#include <ATen/ops/empty.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace sana::detail {
namespace {

// The widest element; torch.save aligns every storage to 64 bytes.
constexpr uintptr_t kAlignment = 8;

// Size of a storage in bytes.
int64_t bytes_of(const pickle::Storage& storage) {
  const auto element = static_cast<int64_t>(storage.dtype ? c10::elementSize(*storage.dtype) : 1);
  int64_t bytes = 0;
  require(!__builtin_mul_overflow(storage.numel, element, &bytes),
          "storage '{}' of {} elements is too large", storage.key, storage.numel);
  return bytes;
}

// Elements of a contiguous copy; `largest` bounds its bytes. A zero anywhere makes a tensor empty,
// but the others must still have a product.
int64_t checked_numel(const pickle::TensorView& view, int64_t largest) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(view.dtype));
  bool is_empty = false;
  for (int64_t size : view.sizes) {
    require(size >= 0, "a tensor has shape [{}]", fmt::join(view.sizes, ", "));
    is_empty = is_empty || size == 0;
    require(!__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes),
            "a tensor of shape [{}] is too large", fmt::join(view.sizes, ", "));
  }
  if (is_empty) return 0;
  require(bytes <= largest,
          "a tensor of shape [{}] has {} bytes, more than the file (was it expanded? save a "
          "contiguous() copy)",
          fmt::join(view.sizes, ", "), bytes);
  return bytes / static_cast<int64_t>(c10::elementSize(view.dtype));
}

// Elements of storage from its start to the view's last one.
int64_t checked_reach(const pickle::TensorView& view) {
  int64_t reach = view.offset;
  bool fits = view.offset >= 0 && !__builtin_add_overflow(reach, 1, &reach);
  for (size_t i = 0; i < view.sizes.size() && fits; ++i) {
    int64_t step = 0;
    fits = view.strides[i] >= 0 &&
           !__builtin_mul_overflow(view.sizes[i] - 1, view.strides[i], &step) &&
           !__builtin_add_overflow(reach, step, &reach);
  }
  require(fits, "a tensor of shape [{}] has strides [{}] and offset {}",
          fmt::join(view.sizes, ", "), fmt::join(view.strides, ", "), view.offset);
  return reach;
}

}  // namespace

const c10::Storage& TorchStorages::storage(const pickle::Storage& wanted, int64_t bytes) {
  const auto known = storages_.find(wanted.key);
  const auto entry = entries_.find(fmt::format("{}/data/{}", root_, wanted.key));
  require(entry != entries_.end(), "entry '{}/data/{}' is missing", root_, wanted.key);
  const std::string_view data = entry->second;
  require(data.size() == static_cast<uint64_t>(bytes),
          "entry '{}' has {} bytes, but storage '{}' should have {}", entry->first, data.size(),
          wanted.key, bytes);
  if (known != storages_.end()) return known->second;
  char* start = file_.memory.get() + (data.data() - file_.memory.get());
  c10::Storage result;
  if (reinterpret_cast<uintptr_t>(start) % kAlignment == 0) {
    auto* keep = new std::shared_ptr<char>(file_.memory);
    at::DataPtr pointer(
        start, keep, [](void* context) { delete static_cast<std::shared_ptr<char>*>(context); },
        at::kCPU);
    result = c10::Storage(c10::Storage::use_byte_size_t{}, data.size(), std::move(pointer));
  } else {
    // Other ZIP programs do not align: such a storage has to be copied.
    result = at::empty({bytes}, at::kByte).storage();
    if (bytes > 0) std::memcpy(result.mutable_data(), start, data.size());
  }
  return storages_.emplace(wanted.key, std::move(result)).first->second;
}

at::Tensor TorchStorages::tensor(const pickle::TensorView& view) {
  const auto known = tensors_.find(&view);
  if (known != tensors_.end()) return known->second;
  const int64_t bytes = bytes_of(*view.storage);
  const c10::Storage& data = storage(*view.storage, bytes);
  const auto options = at::TensorOptions().dtype(view.dtype);
  const int64_t numel = checked_numel(view, static_cast<int64_t>(file_.size));
  at::Tensor result;
  if (numel == 0) {
    result = at::empty(view.sizes, options);
  } else {
    const int64_t held = bytes / static_cast<int64_t>(c10::elementSize(view.dtype));
    const int64_t reach = checked_reach(view);
    require(reach <= held, "a tensor of shape [{}] needs {} elements of storage '{}', which has {}",
            fmt::join(view.sizes, ", "), reach, view.storage->key, held);
    result = at::empty({0}, options);
    result.set_(data, view.offset, view.sizes, view.strides);
  }
  return tensors_.emplace(&view, std::move(result)).first->second;
}

}  // namespace sana::detail
