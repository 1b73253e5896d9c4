// Lists, tuples and dicts of the pickle interpreter.
#include "core/error.h"
#include "core/pickle/machine.h"

namespace sana::pickle {

bool Machine::use_list(Op op) {
  switch (op) {
    case Op::kEmptyList:
      push(new_sequence(/*is_tuple=*/false));
      return true;
    case Op::kList:
      push(new_sequence(/*is_tuple=*/false, pop_to_mark()));
      return true;
    case Op::kAppend:
      append_to_list(pop_last(1));
      return true;
    case Op::kAppends:
      append_to_list(pop_to_mark());
      return true;
    default:
      return false;
  }
}

bool Machine::use_tuple(Op op) {
  switch (op) {
    case Op::kEmptyTuple:
      push(new_sequence(/*is_tuple=*/true));
      return true;
    case Op::kTuple1:
      push(new_sequence(/*is_tuple=*/true, pop_last(1)));
      return true;
    case Op::kTuple2:
      push(new_sequence(/*is_tuple=*/true, pop_last(2)));
      return true;
    case Op::kTuple3:
      push(new_sequence(/*is_tuple=*/true, pop_last(3)));
      return true;
    case Op::kTuple:
      push(new_sequence(/*is_tuple=*/true, pop_to_mark()));
      return true;
    default:
      return false;
  }
}

bool Machine::use_dict(Op op) {
  switch (op) {
    case Op::kEmptyDict:
      push(new_dict(/*is_ordered=*/false));
      return true;
    case Op::kDict: {
      const std::vector<Value> items = pop_to_mark();
      push(new_dict(/*is_ordered=*/false));
      add_to_dict(items);
      return true;
    }
    case Op::kSetItem:
      add_to_dict(pop_last(2));
      return true;
    case Op::kSetItems:
      add_to_dict(pop_to_mark());
      return true;
    default:
      return false;
  }
}

Sequence* Machine::new_sequence(bool is_tuple, std::vector<Value> items) {
  return &arena_.sequences.emplace_back(Sequence{is_tuple, std::move(items)});
}

Dict* Machine::new_dict(bool is_ordered) {
  return &arena_.dicts.emplace_back(Dict{is_ordered, {}});
}

void Machine::append_to_list(const std::vector<Value>& items) {
  Sequence* const* list = std::get_if<Sequence*>(&top());
  require(list != nullptr && !(*list)->is_tuple,
          "its pickle is malformed: it appends to {} instead of a list", kind_of(top()));
  (*list)->items.insert((*list)->items.end(), items.begin(), items.end());
}

void Machine::add_to_dict(const std::vector<Value>& items) {
  Dict* const* dict = std::get_if<Dict*>(&top());
  require(dict != nullptr && items.size() % 2 == 0,
          "its pickle is malformed: it adds {} values as keys and values to {}", items.size(),
          kind_of(top()));
  for (size_t i = 0; i < items.size(); i += 2) {
    (*dict)->items.emplace_back(items[i], items[i + 1]);
  }
}

const char* kind_of(const Value& value) {
  constexpr const char* kKinds[] = {
      "None",   "a bool", "an integer", "a float",  "a text",
      "a list", "a dict", "a storage",  "a tensor", "a class or function"};
  if (const auto* sequence = std::get_if<Sequence*>(&value)) {
    return (*sequence)->is_tuple ? "a tuple" : "a list";
  }
  return kKinds[value.index()];
}

}  // namespace sana::pickle
