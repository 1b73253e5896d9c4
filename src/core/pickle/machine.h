// Interprets the pickles that torch.save writes. Used by unpickle only.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/pickle/objects.h"
#include "core/pickle/opcodes.h"
#include "core/pickle/stream.h"

namespace sana::pickle {

// A stack, a memo, and a closed list of instructions. Its memory is bounded by the pickle's length:
// an instruction makes at most one object, and texts stay where they are.
class Machine {
 public:
  Machine(std::string_view pickle, Arena& arena) : stream_(pickle), arena_(arena) {}

  Value run();

 private:
  // Each does its instructions and says whether `op` was one of them.
  bool push_scalar(Op op);
  bool push_text(Op op);
  bool use_stack(Op op);
  bool use_memo(Op op);
  bool use_list(Op op);
  bool use_tuple(Op op);
  bool use_dict(Op op);
  bool use_object(Op op);
  [[noreturn]] void refuse_instruction(Op op);

  void push(Value value) { stack_.push_back(value); }
  Value pop();
  Value& top();
  // Values above the last mark; both are removed.
  std::vector<Value> pop_to_mark();
  // The last `count` values, removed.
  std::vector<Value> pop_last(size_t count);
  void recall(uint32_t index);

  Sequence* new_sequence(bool is_tuple, std::vector<Value> items = {});
  Dict* new_dict(bool is_ordered);
  void append_to_list(const std::vector<Value>& items);
  void add_to_dict(const std::vector<Value>& items);

  // machine_objects.cpp
  Value reduce(const Value& callable, const Value& arguments);
  Value rebuild_tensor(const Global& function, const std::vector<Value>& arguments);
  Value persistent_storage(const Value& id);
  void ignore_attributes(const Value& object, const Value& attributes);

  Stream stream_;
  Arena& arena_;
  std::vector<Value> stack_;
  std::vector<size_t> marks_;  // sizes of the stack
  std::unordered_map<uint32_t, Value> memo_;
};

}  // namespace sana::pickle
