// Lists line by line.
#include "core/text_lines.h"

#include <vector>

#include "core/error.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
using sana::TextLines;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;
using Lines = std::vector<std::string>;

Lines lines_of(const TemporaryDirectory& folder, const std::string& bytes) {
  folder.file("list.txt", bytes);
  TextLines lines(folder / "list.txt");
  Lines all;
  for (std::string line; lines.next(line);) all.push_back(line);
  CHECK(lines.number() == int64_t(all.size()) + 1);
  return all;
}

std::string complaint(const TemporaryDirectory& folder, const std::string& bytes) {
  return message_of<sana::UserError>([&] { lines_of(folder, bytes); });
}

}  // namespace

TEST_CASE("lines are the same in every encoding that is known", "[core]") {
  const TemporaryDirectory folder;
  const Lines expected = {"caf\xc3\xa9", "", "b"};
  CHECK(lines_of(folder, "caf\xc3\xa9\n\nb\n") == expected);
  CHECK(lines_of(folder,
                 "\xef\xbb\xbf"
                 "caf\xc3\xa9\r\n\r\nb") == expected);
  CHECK(lines_of(folder, std::string("\xff\xfe"
                                     "c\0a\0f\0\xe9\0\r\0\n\0\n\0b\0",
                                     18)) == expected);
  CHECK(lines_of(folder, std::string("\xfe\xff\0c\0a\0f\0\xe9\0\n\0\n\0b", 16)) == expected);
  CHECK(lines_of(folder, "").empty());
  CHECK(lines_of(folder, "\n") == Lines{""});
}

TEST_CASE("lines across the borders of what is read at once are whole", "[core]") {
  const TemporaryDirectory folder;
  Lines expected;
  std::string text;
  for (size_t i = 0; i < 40; ++i) {
    expected.push_back(std::string(i * 1777 * (i % 7 == 0 ? 50 : 1), char('a' + i % 26)));
    text += expected.back() + "\n";
  }
  CHECK(lines_of(folder, text) == expected);
}

TEST_CASE("a line that is no text is named with the byte of the file", "[core]") {
  const TemporaryDirectory folder;
  CHECK(contains(complaint(folder, "good\ncaf\xe9\n"), "list.txt:2: byte 8 of the file is 0xE9"));
  CHECK(contains(complaint(folder, "\xef\xbb\xbfgood\n\xff"), "list.txt:2: byte 8 "));
  CHECK(contains(complaint(folder, std::string("a\0b\0", 4)), "list.txt:1: the line holds a zero"));
  CHECK(contains(complaint(folder, "x\n" + std::string((17 << 20), 'y')),
                 "list.txt:2: the line has"));
  CHECK(contains(message_of<sana::UserError>([&] { TextLines(folder.path()); }), "a folder"));
}
