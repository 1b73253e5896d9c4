#include "core/pickle/machine.h"

#include <bit>

#include "core/error.h"
#include "core/pickle/unpickle.h"

namespace sana::pickle {
namespace {

// Little-endian two's complement of any length.
int64_t integer_of(std::string_view bytes) {
  require(bytes.size() <= 8, "an integer of {} bytes does not fit into 64 bits", bytes.size());
  if (bytes.empty()) return 0;
  uint64_t value = (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return static_cast<int64_t>(value);
}

}  // namespace

Value unpickle(std::string_view bytes, Arena& arena) { return Machine(bytes, arena).run(); }

Value Machine::run() {
  require(stream_.remaining() >= 2 && Op{stream_.number<uint8_t>()} == Op::kProto,
          "its pickle does not begin with a protocol number");
  const auto protocol = stream_.number<uint8_t>();
  require(protocol >= 2 && protocol <= 5, "pickle protocol {} is not known, expected 2 to 5",
          protocol);
  while (true) {
    const auto op = Op{stream_.number<uint8_t>()};
    if (op == Op::kStop) break;
    const bool done = push_scalar(op) || push_text(op) || use_stack(op) || use_memo(op) ||
                      use_list(op) || use_tuple(op) || use_dict(op) || use_object(op);
    if (!done) refuse_instruction(op);
  }
  require(stack_.size() == 1 && marks_.empty() && stream_.at_end(),
          "its pickle is malformed: {} values and {} bytes are left at its end", stack_.size(),
          stream_.remaining());
  return stack_.front();
}

bool Machine::push_scalar(Op op) {
  switch (op) {
    case Op::kFrame:
      stream_.take(8);  // only a hint for buffering
      return true;
    case Op::kNone:
      push(std::monostate{});
      return true;
    case Op::kTrue:
    case Op::kFalse:
      push(op == Op::kTrue);
      return true;
    case Op::kUint8:
      push(int64_t{stream_.number<uint8_t>()});
      return true;
    case Op::kUint16:
      push(int64_t{stream_.number<uint16_t>()});
      return true;
    case Op::kInt32:
      push(int64_t{stream_.number<int32_t>()});
      return true;
    case Op::kLong1:
      push(integer_of(stream_.take(stream_.number<uint8_t>())));
      return true;
    case Op::kFloat:  // the only big-endian number
      push(std::bit_cast<double>(__builtin_bswap64(stream_.number<uint64_t>())));
      return true;
    default:
      return false;
  }
}

bool Machine::push_text(Op op) {
  uint64_t bytes = 0;
  if (op == Op::kShortText) {
    bytes = stream_.number<uint8_t>();
  } else if (op == Op::kText) {
    bytes = stream_.number<uint32_t>();
  } else if (op == Op::kText8) {
    bytes = stream_.number<uint64_t>();
  } else {
    return false;
  }
  push(stream_.take(bytes));
  return true;
}

bool Machine::use_stack(Op op) {
  switch (op) {
    case Op::kMark:
      marks_.push_back(stack_.size());
      return true;
    case Op::kPop:
      pop();
      return true;
    case Op::kPopMark:
      pop_to_mark();
      return true;
    case Op::kDup: {
      const Value value = top();
      push(value);
      return true;
    }
    default:
      return false;
  }
}

bool Machine::use_memo(Op op) {
  switch (op) {
    case Op::kPut:
      memo_[stream_.number<uint8_t>()] = top();
      return true;
    case Op::kLongPut:
      memo_[stream_.number<uint32_t>()] = top();
      return true;
    case Op::kMemoize: {
      const auto index = static_cast<uint32_t>(memo_.size());
      memo_[index] = top();
      return true;
    }
    case Op::kGet:
      recall(stream_.number<uint8_t>());
      return true;
    case Op::kLongGet:
      recall(stream_.number<uint32_t>());
      return true;
    default:
      return false;
  }
}

void Machine::recall(uint32_t index) {
  const auto found = memo_.find(index);
  require(found != memo_.end(),
          "its pickle is malformed: it refers to value {}, which is not there", index);
  push(found->second);
}

Value& Machine::top() {
  require(stack_.size() > (marks_.empty() ? 0 : marks_.back()),
          "its pickle is malformed: an instruction lacks a value");
  return stack_.back();
}

Value Machine::pop() {
  const Value value = top();
  stack_.pop_back();
  return value;
}

std::vector<Value> Machine::pop_last(size_t count) {
  const size_t bottom = marks_.empty() ? 0 : marks_.back();
  require(stack_.size() - bottom >= count, "its pickle is malformed: an instruction lacks a value");
  const auto begin = stack_.end() - static_cast<ptrdiff_t>(count);
  std::vector<Value> values(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  return values;
}

std::vector<Value> Machine::pop_to_mark() {
  require(!marks_.empty(), "its pickle is malformed: an instruction lacks its mark");
  std::vector<Value> values = pop_last(stack_.size() - marks_.back());
  marks_.pop_back();
  return values;
}

void Machine::refuse_instruction(Op op) {
  switch (op) {
    case Op::kShortBytes:
    case Op::kBytes:
    case Op::kBytes8:
    case Op::kByteArray:
      refuse("bytes");
    case Op::kEmptySet:
    case Op::kFrozenSet:
      refuse("a set");
    case Op::kNewObject:
    case Op::kNewObjectEx:
      refuse("a new object");
    case Op::kLong4:
      refuse("an integer of more than 64 bits");
    default:
      throw UserError(
          fmt::format("its pickle holds instruction 0x{:02x}, which torch.save does not write",
                      static_cast<uint8_t>(op)));
  }
}

}  // namespace sana::pickle
