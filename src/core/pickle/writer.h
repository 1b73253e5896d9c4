// Pickles (protocol 2) of tensors, dicts, lists, numbers and texts, as torch.load reads them.
#pragma once
#include <c10/core/ScalarType.h>
#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/pickle/globals.h"
#include "core/pickle/opcodes.h"

namespace sana::pickle {

// Each call appends one value; a dict or list is begun, filled with its keys and values, and ended.
class Writer {
 public:
  Writer();

  void none() { add(Op::kNone); }
  void boolean(bool value) { add(value ? Op::kTrue : Op::kFalse); }
  void integer(int64_t value);
  void number(double value);
  // Throws UserError when `value` is not UTF-8 or longer than 4 GB.
  void text(std::string_view value);
  // A contiguous tensor that fills storage `key`. Throws UserError when torch.load knows no such
  // dtype.
  void tensor(at::ScalarType dtype, std::string_view key, at::IntArrayRef sizes);
  void begin_list();
  void end_list() { add(Op::kAppends); }
  void begin_dict();
  void end_dict() { add(Op::kSetItems); }

  // The whole pickle. Ends it.
  std::string finish();

 private:
  void add(Op op) { bytes_ += static_cast<char>(op); }
  void global(const Global& global);
  void integers(at::IntArrayRef values);

  std::string bytes_;
};

}  // namespace sana::pickle
