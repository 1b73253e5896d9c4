// A table of short texts that all processes of a run see, beside their collectives: it answers at
// once, whoever else is there.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace sana {

// Every function may be called by several threads, waits for an answer of whoever holds the table,
// perhaps for ever where that one hangs or the network is cut, and throws std::exception when it is
// gone.
class Board {
 public:
  virtual ~Board() = default;

  virtual void put(const std::string& key, const std::string& text) = 0;
  // Nothing where there is no such key.
  virtual std::optional<std::string> find(const std::string& key) = 0;
  // Texts of these keys, which all must be there.
  virtual std::vector<std::string> get(const std::vector<std::string>& keys) = 0;
  // Puts the text unless there is one; returns what is there then. `text` is not empty.
  virtual std::string put_first(const std::string& key, const std::string& text) = 0;

 protected:
  Board() = default;
};

}  // namespace sana
