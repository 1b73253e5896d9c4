#include "core/pickle/globals.h"

#include <array>

#include "core/error.h"

namespace sana::pickle {
namespace {

// float8 has no storage class of its own: torch.save writes such tensors with _rebuild_tensor_v3.
constexpr std::array kGlobals = {
    Global{"collections", "OrderedDict", GlobalKind::kOrderedDict},
    Global{"torch", "Size", GlobalKind::kSize},
    Global{"torch._utils", "_rebuild_tensor_v2", GlobalKind::kRebuildTensor},
    Global{"torch._utils", "_rebuild_tensor_v3", GlobalKind::kRebuildTypedTensor},
    Global{"torch._utils", "_rebuild_parameter", GlobalKind::kRebuildParameter},
    Global{"torch", "DoubleStorage", GlobalKind::kStorage, at::kDouble},
    Global{"torch", "FloatStorage", GlobalKind::kStorage, at::kFloat},
    Global{"torch", "HalfStorage", GlobalKind::kStorage, at::kHalf},
    Global{"torch", "BFloat16Storage", GlobalKind::kStorage, at::kBFloat16},
    Global{"torch", "LongStorage", GlobalKind::kStorage, at::kLong},
    Global{"torch", "IntStorage", GlobalKind::kStorage, at::kInt},
    Global{"torch", "ShortStorage", GlobalKind::kStorage, at::kShort},
    Global{"torch", "CharStorage", GlobalKind::kStorage, at::kChar},
    Global{"torch", "ByteStorage", GlobalKind::kStorage, at::kByte},
    Global{"torch", "BoolStorage", GlobalKind::kStorage, at::kBool},
    Global{"torch.storage", "UntypedStorage", GlobalKind::kStorage},
    Global{"torch", "UntypedStorage", GlobalKind::kStorage},
    Global{"torch", "float64", GlobalKind::kDtype, at::kDouble},
    Global{"torch", "float32", GlobalKind::kDtype, at::kFloat},
    Global{"torch", "float16", GlobalKind::kDtype, at::kHalf},
    Global{"torch", "bfloat16", GlobalKind::kDtype, at::kBFloat16},
    Global{"torch", "int64", GlobalKind::kDtype, at::kLong},
    Global{"torch", "int32", GlobalKind::kDtype, at::kInt},
    Global{"torch", "int16", GlobalKind::kDtype, at::kShort},
    Global{"torch", "int8", GlobalKind::kDtype, at::kChar},
    Global{"torch", "uint8", GlobalKind::kDtype, at::kByte},
    Global{"torch", "bool", GlobalKind::kDtype, at::kBool},
    Global{"torch", "float8_e4m3fn", GlobalKind::kDtype, at::kFloat8_e4m3fn},
    Global{"torch", "float8_e5m2", GlobalKind::kDtype, at::kFloat8_e5m2},
};

}  // namespace

const Global& find_global(std::string_view module, std::string_view name) {
  for (const Global& global : kGlobals) {
    if (module == global.module && name == global.name) return global;
  }
  refuse(fmt::format("'{}.{}'", module.substr(0, 100), name.substr(0, 100)));
}

const Global* global_of(GlobalKind kind, std::optional<at::ScalarType> dtype) {
  for (const Global& global : kGlobals) {
    if (global.kind == kind && global.dtype == dtype) return &global;
  }
  return nullptr;
}

const Global& global_of(GlobalKind kind) {
  for (const Global& global : kGlobals) {
    if (global.kind == kind) return global;
  }
  throw InternalError("a kind of global without an entry");
}

void refuse(std::string_view what) {
  throw UserError(fmt::format(
      "refuses to build {}: a checkpoint may hold only tensors, dicts, lists, numbers and strings",
      what));
}

}  // namespace sana::pickle
