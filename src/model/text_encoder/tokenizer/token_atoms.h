// Tokens that are found in a text as a whole, before it is cut into pieces.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sana::model {

class TokenAtoms {
 public:
  // An empty name is ignored: it would be found everywhere.
  void add(std::string name, int64_t id);

  // Walks through `text`: the leftmost atom first, of those that begin there the longest. `on_text`
  // gets what lies between them (never empty), `on_atom` their ids, both in order.
  void split(std::string_view text, const std::function<void(std::string_view)>& on_text,
             const std::function<void(int64_t)>& on_atom) const;

 private:
  using Atom = std::pair<std::string, int64_t>;
  const Atom* longest_at_front(std::string_view text) const;

  std::array<std::vector<Atom>, 256> by_first_byte_;  // longest first
};

}  // namespace sana::model
