// The same archives before both readers of ZIP: of torch.save files, which refuses what is not as
// it should be, and of shards, which says where it can where files begin.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/zip/format.h"
#include "core/zip/reader.h"
#include "media/bytes/byte_source.h"
#include "media/bytes/zip_index.h"
#include "support/catch.h"
#include "support/errors.h"

namespace sana::media {
using namespace zip;
namespace {

using Positions = std::map<std::string, int64_t>;
using Files = std::vector<std::pair<std::string, std::string>>;

struct Layout {
  bool is_zip64 = false;
  uint16_t zip64_field_bytes = 24;
  std::string comment = "";
};

const Files kTwoFiles = {{"x/data.pkl", "first"}, {"x/data/0", std::string(1000, 'd')}};

void append_all(std::string& bytes, std::initializer_list<uint64_t> values, size_t size) {
  for (const uint64_t value : values) {
    bytes.append(reinterpret_cast<const char*>(&value), size);  // little-endian: its lowest bytes
  }
}

std::string local_entry(const std::string& name, const std::string& data) {
  std::string bytes;
  append_number(bytes, kLocalHeader);
  append_all(bytes, {20, 0, 0}, 2);
  append_all(bytes, {0, 0, data.size(), data.size()}, 4);
  append_all(bytes, {name.size(), 0}, 2);
  return bytes + name + data;
}

std::string central_entry(const std::string& name, uint64_t size, uint64_t offset,
                          const Layout& layout) {
  std::string extra;
  if (layout.is_zip64) {
    append_all(extra, {kZip64Extra, layout.zip64_field_bytes}, 2);
    append_all(extra, {size, size, offset}, 8);
    extra.resize(4u + layout.zip64_field_bytes);
  }
  const uint64_t shown_size = layout.is_zip64 ? kIn64Bits32 : size;
  std::string bytes;
  append_number(bytes, kCentralHeader);
  append_all(bytes, {45, 45, 0, 0}, 2);
  append_all(bytes, {0, 0, shown_size, shown_size}, 4);
  append_all(bytes, {name.size(), extra.size(), 0, 0, 0}, 2);
  append_all(bytes, {0, layout.is_zip64 ? kIn64Bits32 : offset}, 4);
  return bytes + name + extra;
}

std::string zip64_records(uint64_t entries, uint64_t size, uint64_t offset) {
  std::string bytes;
  append_number(bytes, kZip64End);
  append_all(bytes, {kZip64EndBytes - 12}, 8);
  append_all(bytes, {45, 45}, 2);
  append_all(bytes, {0, 0}, 4);
  append_all(bytes, {entries, entries, size, offset}, 8);
  append_number(bytes, kZip64Locator);
  append_all(bytes, {0}, 4);
  append_all(bytes, {offset + size}, 8);
  append_all(bytes, {1}, 4);
  return bytes;
}

std::string end_record(uint64_t entries, uint64_t size, uint64_t offset, size_t comment_bytes) {
  std::string bytes;
  append_number(bytes, kEnd);
  append_all(bytes, {0, 0, entries, entries}, 2);
  append_all(bytes, {size, offset}, 4);
  append_all(bytes, {comment_bytes}, 2);
  return bytes;
}

std::string archive_of(const Files& files, const Layout& layout = {}) {
  std::string archive, directory;
  for (const auto& [name, data] : files) {
    directory += central_entry(name, data.size(), archive.size(), layout);
    archive += local_entry(name, data);
  }
  const uint64_t offset = archive.size();
  archive += directory;
  if (layout.is_zip64) archive += zip64_records(files.size(), directory.size(), offset);
  archive += layout.is_zip64
                 ? end_record(kIn64Bits16, kIn64Bits32, kIn64Bits32, layout.comment.size())
                 : end_record(files.size(), directory.size(), offset, layout.comment.size());
  return archive + layout.comment;
}

// Of the members at which reading can start.
Positions positions_in(const std::string& archive) {
  Positions positions;
  for (const auto& [name, member] : zip_members(*own_bytes(archive))) {
    if (member.position >= 0) positions[name] = member.position;
  }
  return positions;
}

std::string refusal_of(const std::string& archive) {
  return sana_test::message_of<UserError>([&] { read_entries(archive); });
}

// Both find the two files, each at its place.
void check_found(const std::string& archive) {
  const Entries entries = read_entries(archive);
  const Positions positions = positions_in(archive);
  CHECK(entries.size() == kTwoFiles.size());
  CHECK(positions.size() == kTwoFiles.size());
  for (const auto& [name, data] : kTwoFiles) {
    INFO(name);
    REQUIRE(entries.count(name) == 1);
    REQUIRE(positions.count(name) == 1);
    CHECK(entries.at(name) == data);
    CHECK(entries.at(name).data() - archive.data() ==
          positions.at(name) + int64_t(kLocalHeaderBytes + name.size()));
  }
}

}  // namespace

TEST_CASE("both readers find the files of an archive, plain, zip64 or with a comment", "[media]") {
  check_found(archive_of(kTwoFiles));
  check_found(archive_of(kTwoFiles, {.is_zip64 = true}));
  check_found(archive_of(kTwoFiles, {.comment = "made by hand"}));
  check_found(archive_of(kTwoFiles, {.is_zip64 = true, .comment = std::string(0xffff, 'c')}));
}

TEST_CASE("an archive cut anywhere is refused by one reader and has no places for the other",
          "[media]") {
  for (const Layout& layout : {Layout{}, Layout{.is_zip64 = true, .comment = "a comment"}}) {
    const std::string whole = archive_of(kTwoFiles, layout);
    for (size_t size = 0; size < whole.size(); ++size) {
      INFO(size);
      CHECK(sana_test::contains(refusal_of(whole.substr(0, size)), "no ZIP directory at its end"));
      CHECK(positions_in(whole.substr(0, size)).empty());
    }
  }
}

TEST_CASE("an end record quoted in the comment is none, unless it ends the archive", "[media]") {
  const std::string quoted = end_record(0, 0, 0, 0);
  for (const bool is_zip64 : {false, true}) {
    check_found(archive_of(kTwoFiles, {.is_zip64 = is_zip64, .comment = quoted + "and on"}));
    check_found(archive_of(kTwoFiles, {.is_zip64 = is_zip64, .comment = quoted + quoted + "."}));
  }
  // Nobody can tell which of two records that both reach the end is meant: the last one is taken.
  const std::string ambiguous = archive_of(kTwoFiles, {.comment = "see: " + quoted});
  CHECK(read_entries(ambiguous).empty());
  CHECK(positions_in(ambiguous).empty());
}

TEST_CASE("a directory that says it is larger than its archive is not read", "[media]") {
  const std::string files = archive_of(kTwoFiles);
  const std::vector<std::pair<uint64_t, uint64_t>> places = {
      {0xfffffff0, 0}, {0, 0xfffffff0}, {files.size() + 1, 0}, {1, files.size()}};
  for (const auto& [size, offset] : places) {
    INFO(size << " bytes at " << offset);
    const std::string archive = files + end_record(1, size, offset, 0);
    CHECK(sana_test::contains(refusal_of(archive), "its directory lies outside the file"));
    CHECK(positions_in(archive).empty());
  }
  const std::string large =
      files + zip64_records(1, ~uint64_t{0} - 100, 50) + end_record(1, kIn64Bits32, 0, 0);
  CHECK_FALSE(refusal_of(large).empty());
  CHECK(positions_in(large).empty());
}

TEST_CASE("a zip64 field that is too short concerns its own file only", "[media]") {
  const std::string archive = archive_of(kTwoFiles, {.is_zip64 = true, .zip64_field_bytes = 20});
  CHECK(
      sana_test::contains(refusal_of(archive), "entry 'x/data.pkl': its zip64 field is too short"));
  CHECK(positions_in(archive).empty());
  std::string one_short = archive_of(kTwoFiles, {.is_zip64 = true});
  const std::string name = kTwoFiles[0].first;
  // Behind the name in the directory stand two bytes of the field's kind, then its length.
  one_short[one_short.find(name, one_short.find("PK\1\2")) + name.size() + 2] = 20;
  CHECK(sana_test::contains(refusal_of(one_short), "its zip64 field is too short"));
  CHECK(positions_in(one_short).size() == 1);
  CHECK(positions_in(one_short).count("x/data/0") == 1);
}

TEST_CASE("65,535 files without zip64 have places, whatever the number means", "[media]") {
  Files many;
  for (int i = 0; i < kIn64Bits16; ++i) many.emplace_back("x/" + std::to_string(i), "");
  const std::string archive = archive_of(many);
  CHECK(positions_in(archive).size() == many.size());
  CHECK(sana_test::contains(refusal_of(archive), "the zip64 part of its directory is missing"));
}

}  // namespace sana::media
