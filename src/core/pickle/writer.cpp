#include "core/pickle/writer.h"

#include <c10/util/strides.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace sana::pickle {
namespace {

template <class T>
void append_little_endian(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void require_utf8(std::string_view text) {
  try {
    nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    throw UserError(fmt::format("'{}' is not UTF-8", text.substr(0, 100)));
  }
}

}  // namespace

Writer::Writer() {
  add(Op::kProto);
  bytes_ += '\x02';
}

void Writer::integer(int64_t value) {
  if (value == static_cast<int32_t>(value)) {
    add(Op::kInt32);
    append_little_endian(bytes_, static_cast<int32_t>(value));
  } else {
    add(Op::kLong1);
    bytes_ += '\x08';
    append_little_endian(bytes_, value);
  }
}

void Writer::number(double value) {
  add(Op::kFloat);
  append_little_endian(bytes_, __builtin_bswap64(std::bit_cast<uint64_t>(value)));
}

void Writer::text(std::string_view value) {
  require(value.size() <= UINT32_MAX, "a text of {} bytes is too long", value.size());
  require_utf8(value);
  add(Op::kText);
  append_little_endian(bytes_, static_cast<uint32_t>(value.size()));
  bytes_ += value;
}

void Writer::begin_list() {
  add(Op::kEmptyList);
  add(Op::kMark);
}

void Writer::begin_dict() {
  add(Op::kEmptyDict);
  add(Op::kMark);
}

void Writer::tensor(at::ScalarType dtype, std::string_view key, at::IntArrayRef sizes) {
  const Global* storage = global_of(GlobalKind::kStorage, dtype);
  const Global* new_dtype = global_of(GlobalKind::kDtype, dtype);
  const bool is_typed = storage == nullptr;
  require(storage != nullptr || new_dtype != nullptr,
          "files of torch.save cannot hold {} tensors here", c10::toString(dtype));
  int64_t numel = is_typed ? static_cast<int64_t>(c10::elementSize(dtype)) : 1;
  for (int64_t size : sizes) numel *= size;
  global(global_of(is_typed ? GlobalKind::kRebuildTypedTensor : GlobalKind::kRebuildTensor));
  add(Op::kMark);
  add(Op::kMark);
  text("storage");
  global(is_typed ? *global_of(GlobalKind::kStorage, std::nullopt) : *storage);
  text(key);
  text("cpu");
  integer(numel);
  add(Op::kTuple);
  add(Op::kPersistentId);
  integer(0);
  integers(sizes);
  integers(c10::contiguous_strides(sizes));
  boolean(false);
  global(global_of(GlobalKind::kOrderedDict));
  add(Op::kEmptyTuple);
  add(Op::kReduce);
  if (is_typed) global(*new_dtype);
  add(Op::kTuple);
  add(Op::kReduce);
}

void Writer::global(const Global& global) {
  add(Op::kGlobal);
  bytes_ += fmt::format("{}\n{}\n", global.module, global.name);
}

void Writer::integers(at::IntArrayRef values) {
  add(Op::kMark);
  for (int64_t value : values) integer(value);
  add(Op::kTuple);
}

std::string Writer::finish() {
  add(Op::kStop);
  return std::move(bytes_);
}

}  // namespace sana::pickle
