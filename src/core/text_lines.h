// Lists that people and programs write, line by line: of any length, in the encodings of text.h.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/plain_file.h"

namespace sana {

class TextLines {
 public:
  // More is no line of a list.
  static constexpr int64_t kMaxLineBytes = int64_t(16) << 20;

  // Throws UserError when the file cannot be opened or is none.
  explicit TextLines(std::filesystem::path file);

  // The next line as UTF-8 without its end; false behind the last one. A file in UTF-16 is read at
  // once, any other piece by piece. Throws UserError that names file and line: it is longer than
  // kMaxLineBytes, or no UTF-8 (with the first wrong byte of the file).
  bool next(std::string& line);
  // Of the present line, from 1.
  int64_t number() const { return number_; }
  // "list.jsonl:12", for messages.
  std::string where() const;

 private:
  // Appends what comes next to buffer_; false at the end.
  bool read_more();
  void begin();
  // Checks and unpacks the line that begins at byte `offset` of the file.
  std::string checked(std::string line, int64_t offset) const;

  std::filesystem::path file_;
  PlainFile open_;
  std::string buffer_;  // read and not handed out, from begin_ on
  size_t begin_ = 0;
  int64_t offset_ = 0;  // of buffer_[begin_] in the file
  int64_t number_ = 0;
  bool is_started_ = false;
};

}  // namespace sana
