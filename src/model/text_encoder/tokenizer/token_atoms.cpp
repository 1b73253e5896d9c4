#include "model/text_encoder/tokenizer/token_atoms.h"

#include <algorithm>

namespace sana::model {

void TokenAtoms::add(std::string name, int64_t id) {
  if (name.empty()) return;
  std::vector<Atom>& atoms = by_first_byte_[static_cast<uint8_t>(name[0])];
  const auto longer = [](const Atom& atom, size_t size) { return atom.first.size() >= size; };
  const auto place = std::lower_bound(atoms.begin(), atoms.end(), name.size(), longer);
  atoms.insert(place, Atom(std::move(name), id));
}

const TokenAtoms::Atom* TokenAtoms::longest_at_front(std::string_view text) const {
  for (const Atom& atom : by_first_byte_[static_cast<uint8_t>(text[0])]) {
    if (text.starts_with(atom.first)) return &atom;
  }
  return nullptr;
}

void TokenAtoms::split(std::string_view text, const std::function<void(std::string_view)>& on_text,
                       const std::function<void(int64_t)>& on_atom) const {
  size_t begin = 0;  // of the text since the last atom
  for (size_t at = 0; at < text.size();) {
    const Atom* atom = longest_at_front(text.substr(at));
    if (atom == nullptr) {
      ++at;
      continue;
    }
    if (at > begin) on_text(text.substr(begin, at - begin));
    on_atom(atom->second);
    begin = at += atom->first.size();
  }
  if (begin < text.size()) on_text(text.substr(begin));
}

}  // namespace sana::model
