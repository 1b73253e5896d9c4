#include "core/files.h"

#include <unistd.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/json_file.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"

using sana::EnvironmentError;
using sana::UserError;
using sana_test::contains;
using sana_test::file_bytes;
using sana_test::message_of;
using sana_test::TemporaryDirectory;
namespace fs = std::filesystem;

TEST_CASE("a file is replaced whole and leaves nothing beside it", "[files]") {
  const TemporaryDirectory folder;
  const auto path = folder.file("a.txt", "old");
  sana::write_file_atomically(path, "new");
  CHECK(file_bytes(path) == "new");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an uncommitted file leaves the old one and no partial one", "[files]") {
  const TemporaryDirectory folder;
  const auto path = folder.file("a.txt", "old");
  {
    sana::AtomicFile file(path);
    file.write("half");
    CHECK(fs::exists(folder / "a.txt.partial"));
  }
  CHECK(file_bytes(path) == "old");
  CHECK_FALSE(fs::exists(folder / "a.txt.partial"));
}

TEST_CASE("a full disk is reported and the old file kept", "[files]") {
  const TemporaryDirectory folder;
  const auto path = folder.file("a.txt", "old");
  // The partial file is a device on which every write fails with ENOSPC.
  fs::create_symlink("/dev/full", folder / "a.txt.partial");
  const auto message =
      message_of<EnvironmentError>([&] { sana::write_file_atomically(path, "new"); });
  CHECK(contains(message, "cannot write '" + path.string() + "': No space left on device"));
  CHECK(file_bytes(path) == "old");
  CHECK_FALSE(fs::is_symlink(folder / "a.txt.partial"));
}

TEST_CASE("a copy for which the disk has no room says so", "[files]") {
  const TemporaryDirectory folder;
  const auto from = folder.file("from", std::string(100, 'x'));
  fs::create_symlink("/dev/full", folder / "to.partial");
  const auto message =
      message_of<EnvironmentError>([&] { sana::copy_whole_file(from, folder / "to"); });
  CHECK(contains(message, "to': No space left on device"));
  CHECK_FALSE(fs::exists(folder / "to"));
}

TEST_CASE("a file that grows too large is reported and the old file kept", "[files]") {
  const TemporaryDirectory folder;
  const auto path = folder.file("a.txt", "old");
  std::string message;
  {
    const sana_test::FileSizeLimit limit(4096);
    message = message_of<EnvironmentError>(
        [&] { sana::write_file_atomically(path, std::string(10000, 'x')); });
  }
  CHECK(contains(message, "File too large"));
  CHECK(file_bytes(path) == "old");
  CHECK_FALSE(fs::exists(folder / "a.txt.partial"));
}

TEST_CASE("a path that cannot be written is named with the reason", "[files]") {
  const TemporaryDirectory folder;
  const auto file = folder.file("a.txt", "x");
  CHECK(
      contains(message_of<EnvironmentError>([&] { sana::write_file_atomically(file / "b", "x"); }),
               "Not a directory"));
  CHECK(contains(message_of<EnvironmentError>(
                     [&] { sana::write_file_atomically(folder / "none/b.txt", "x"); }),
                 "No such file or directory"));
}

TEST_CASE("reading says why a file cannot be read", "[files]") {
  const TemporaryDirectory folder;
  CHECK(contains(message_of<UserError>([&] { sana::read_text_file(folder / "none"); }),
                 "No such file or directory"));
  CHECK(
      contains(message_of<UserError>([&] { sana::read_text_file(folder.path()); }), "is a folder"));
  CHECK(sana::read_text_file(folder.file("empty", "")).empty());
  CHECK(sana::read_text_file(folder.file("bytes", std::string("a\0\r\nb", 5))).size() == 5);
}

TEST_CASE("JSON with Python's bare NaN and infinities is read, texts stay", "[files]") {
  const TemporaryDirectory folder;
  const auto json = sana::read_json_file(folder.file(
      "a.json", R"({"a": NaN, "b": [-Infinity, Infinity, 1], "c": "NaN \" -Infinity", "NaN": 2})"));
  CHECK(json["a"].is_null());
  CHECK(json["b"][0].is_null());
  CHECK(json["b"][1].is_null());
  CHECK(json["b"][2] == 1);
  CHECK(json["c"] == "NaN \" -Infinity");
  CHECK(json["NaN"] == 2);
}

TEST_CASE("broken JSON is refused with file and line", "[files]") {
  const TemporaryDirectory folder;
  const auto path = folder.file("a.json", "{\n\"a\": 1,\n\"b\": }\n");
  const auto message = message_of<UserError>([&] { sana::read_json_file(path); });
  CHECK(contains(message, path.string()));
  CHECK(contains(message, "line 3"));
  CHECK_FALSE(contains(message, "json.exception"));  // the library's own mark
  CHECK_THROWS_AS(sana::read_json_file(folder.file("b.json", "")), UserError);
  CHECK_THROWS_AS(sana::read_json_file(folder.file("c.json", "{\"a\": Nan}")), UserError);
  CHECK_THROWS_AS(sana::read_json_file(folder.file("d.json", "[1e999]")), UserError);
}

TEST_CASE("JSON that is nested absurdly deeply is refused, brackets in texts are not counted",
          "[files]") {
  const TemporaryDirectory folder;
  const std::string open(100, '['), close(100, ']'), in_text(200, '[');
  const auto deep = folder.file("a.json", std::string(101, '[') + std::string(101, ']'));
  CHECK(contains(message_of<UserError>([&] { sana::read_json_file(deep); }), "deeper than 100"));
  CHECK(sana::read_json_file(folder.file("b.json", open + close)).is_array());
  CHECK(sana::read_json_file(folder.file("c.json", R"({"a": "\\\")" + in_text + R"("})")).size() ==
        1);
}

TEST_CASE("a staged folder appears whole and replaces an older one", "[files]") {
  const TemporaryDirectory folder;
  const auto target = folder / "step-10";
  for (const char* content : {"first", "second"}) {
    sana::StagedDirectory staged(target);
    fs::create_directory(staged.path() / "sub");
    sana::write_file_atomically(staged.path() / "sub/a.txt", content);
    if (content == std::string("first")) CHECK_FALSE(fs::exists(target));
    staged.commit();
    CHECK(file_bytes(target / "sub/a.txt") == content);
  }
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a file that a library writes appears whole or not at all", "[files]") {
  const TemporaryDirectory folder;
  const auto target = folder.file("a.mp4", "old");
  for (const bool commits : {false, true}) {
    sana::StagedFile staged(target);
    folder.file(staged.path().filename().string(), "new");
    CHECK(file_bytes(target) == "old");
    if (commits) staged.commit();
  }
  CHECK(file_bytes(target) == "new");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
  sana::StagedFile unwritten(target);
  CHECK(contains(message_of<EnvironmentError>([&] { unwritten.commit(); }), "a.mp4"));
}

TEST_CASE("a folder that a kill left aside while it was replaced is put back, or removed",
          "[files]") {
  const TemporaryDirectory folder;
  // Between the two renames of a file system that cannot swap.
  fs::create_directory(folder / "run.partial.old");
  folder.file("run.partial.old/a.txt", "old");
  { const sana::StagedDirectory staged(folder / "run"); }
  CHECK(file_bytes(folder / "run/a.txt") == "old");
  // After both of them.
  fs::create_directory(folder / "run.partial.old");
  folder.file("run.partial.old/a.txt", "older");
  { const sana::StagedDirectory staged(folder / "run"); }
  CHECK(file_bytes(folder / "run/a.txt") == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a staged folder that is not committed is removed", "[files]") {
  const TemporaryDirectory folder;
  fs::create_directory(folder / "step-10.partial");
  folder.file("step-10.partial/stale", "left by a killed run");
  {
    sana::StagedDirectory staged(folder / "step-10");
    CHECK(fs::is_empty(staged.path()));
  }
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a folder is created with its parents and proved writable", "[files]") {
  const TemporaryDirectory folder;
  sana::ensure_writable_directory(folder / "a/b/c");
  CHECK(fs::is_empty(folder / "a/b/c"));
  const auto file = folder.file("file", "x");
  CHECK(contains(message_of<EnvironmentError>([&] { sana::ensure_writable_directory(file); }),
                 "cannot create the folder '" + file.string() + "'"));
  CHECK_THROWS_AS(sana::ensure_writable_directory(file / "sub"), EnvironmentError);
  // Nobody, not even root, can create files there.
  CHECK(
      contains(message_of<EnvironmentError>([] { sana::ensure_writable_directory("/proc/self"); }),
               "cannot write in the folder '/proc/self'"));
}

TEST_CASE("linking replaces the target and survives being repeated", "[files]") {
  const TemporaryDirectory folder;
  const auto from = folder.file("from", "data");
  const auto to = folder.file("to", "old");
  for (int i = 0; i < 2; ++i) {
    sana::link_or_copy_file(from, to);
    CHECK(file_bytes(to) == "data");
    CHECK_FALSE(fs::exists(folder / "to.partial"));
  }
  CHECK_THROWS_AS(sana::link_or_copy_file(folder / "none", to), UserError);
  CHECK(file_bytes(to) == "data");
}

TEST_CASE("hashes are SHA-1", "[files]") {
  CHECK(sana::hash_text("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(sana::hash_text("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  // FIPS 180 example: a million times 'a'.
  const std::string million(1000000, 'a');
  CHECK(sana::hash_text(million) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  const TemporaryDirectory folder;
  CHECK(sana::hash_file(folder.file("a", million)) == sana::hash_text(million));
  CHECK_THROWS_AS(sana::hash_file(folder / "none"), UserError);
  CHECK_THROWS_AS(sana::hash_file(folder.path()), UserError);
}

TEST_CASE("the hash of a sample sees size, head and end of a large file", "[files]") {
  const TemporaryDirectory folder;
  std::string bytes(32 << 20, 'a');
  const auto sample = [&] { return sana::hash_file_sample(folder.file("large", bytes)); };
  const std::string first = sample();
  CHECK(sample() == first);
  for (const size_t at : {size_t{0}, size_t{4} << 20, bytes.size() - 1}) {
    bytes[at] = 'b';
    CHECK(sample() != first);
    bytes[at] = 'a';
  }
  bytes += 'a';
  CHECK(sample() != first);
  CHECK(sana::hash_file_sample(folder.file("small", "abc")) == sana::hash_text("abc"));
  CHECK_THROWS_AS(sana::hash_file_sample(folder / "none"), UserError);
}

TEST_CASE("a hash does not depend on how the bytes were cut", "[files]") {
  const std::string text(1000, 'q');
  for (size_t cut : {1u, 55u, 56u, 63u, 64u, 65u, 999u}) {
    sana::Hasher hasher;
    hasher.add(text.substr(0, cut)).add("").add(text.substr(cut));
    CHECK(hasher.hex() == sana::hash_text(text));
  }
}
