// The classes and functions that a pickle may name: a closed list, none of which is ever called.
#pragma once
#include <c10/core/ScalarType.h>

#include <optional>
#include <string_view>

namespace sana::pickle {

enum class GlobalKind {
  kOrderedDict,
  kSize,
  kRebuildTensor,       // _rebuild_tensor_v2: the storage has a type
  kRebuildTypedTensor,  // _rebuild_tensor_v3: the storage has bytes, the tensor a type
  kRebuildParameter,
  kStorage,
  kDtype,
};

struct Global {
  const char* module;
  const char* name;
  GlobalKind kind;
  std::optional<at::ScalarType> dtype = std::nullopt;  // of kDtype and of kStorage (none: bytes)
};

// Throws UserError by the full name for everything that is not in the list.
const Global& find_global(std::string_view module, std::string_view name);

// How a file names a storage (kStorage) or a type (kDtype) of `dtype`; null when it cannot.
const Global* global_of(GlobalKind kind, std::optional<at::ScalarType> dtype);
// The first of its kind.
const Global& global_of(GlobalKind kind);

// Throws the UserError about anything that a checkpoint may not hold.
[[noreturn]] void refuse(std::string_view what);

}  // namespace sana::pickle
