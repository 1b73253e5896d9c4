// Archives are read in place; damaged ones are named.
#include "core/build_config.h"
#if SANA_HAS_ARCHIVES
#include <atomic>
#include <thread>

#include "media/bytes/byte_source.h"
#include "media/bytes/shard.h"
#include "media/bytes/zip_index.h"
#include "media/unusable.h"
#include "support/media_fixtures.h"
#include "support/pack.h"

namespace sana::media {
using namespace sana_test;
namespace {

void write_members(const fs::path& folder) {
  fs::create_directories(folder / "in");
  write_text(folder / "in" / "b.txt", "second");
  write_text(folder / "in" / "a.txt", std::string(100000, 'x'));
}

}  // namespace

TEST_CASE("stored and deflated zips and tars give the same files", "[media]") {
  const TempFolder folder;
  write_members(folder.path());
  pack(folder.path(),
       "import zipfile, tarfile\n"
       "names = [\"in/b.txt\", \"in/a.txt\"]\n"
       "for archive, how in ((\"s.zip\", zipfile.ZIP_STORED), (\"d.zip\", zipfile.ZIP_DEFLATED)):\n"
       "  with zipfile.ZipFile(archive, \"w\", how) as z:\n"
       "    for name in names: z.write(name)\n"
       "for archive, how in ((\"t.tar\", \"w\"), (\"t.tar.gz\", \"w:gz\")):\n"
       "  with tarfile.open(archive, how) as t: t.add(\"in\", recursive=False); [t.add(n) for n in "
       "names]\n");
  for (const char* name : {"s.zip", "d.zip", "t.tar", "t.tar.gz"}) {
    INFO(name);
    REQUIRE(is_shard(name));
    const auto entries = list_shard(folder / name).entries;
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].name == "in/b.txt");
    CHECK(entries[1].bytes == 100000);
    CHECK((entries[1].position > entries[0].position) == (std::string(name) != "t.tar.gz"));
    CHECK(read_shard_entry(folder / name, "in/a.txt", entries[1].position).size() == 100000);
    CHECK(read_shard_entry(folder / name, "in/b.txt") == "second");
    CHECK(read_shard_entry(folder / name, "in/a.txt") == std::string(100000, 'x'));
    CHECK_THROWS_AS(read_shard_entry(folder / name, "in/c.txt"), UnusableClip);
    std::string seen;
    read_shard(
        folder / name, 1 << 20, [](const std::string& member) { return member == "in/b.txt"; },
        [&](const ShardEntry& entry, const std::string& bytes) { seen += entry.name + bytes; });
    CHECK(seen == "in/b.txtsecond");
  }
  CHECK_FALSE(is_shard("a.mp4"));
}

TEST_CASE("a file of a tar is read from its place, without what stands before it", "[media]") {
  const TempFolder folder;
  write_members(folder.path());
  const fs::path tar = folder / "t.tar";
  // Names above 100 characters have a header of their own before the file's.
  const std::string name = "in/" + std::string(150, 'n') + ".txt";
  write_text(folder / name, "behind a long name");
  pack(folder.path(),
       "import tarfile\nt = tarfile.open(\"t.tar\", \"w\")\n"
       "for name in (\"in/a.txt\", \"" +
           name + "\", \"in/b.txt\"): t.add(name)\nt.close()\n");
  const auto entries = list_shard(tar).entries;
  REQUIRE(entries.size() == 3);
  CHECK(read_shard_entry(tar, name, entries[1].position) == "behind a long name");
  // Where another file stands by now, it is searched.
  CHECK(read_shard_entry(tar, "in/b.txt", entries[1].position) == "second");
  CHECK(read_shard_entry(tar, "in/b.txt", 7) == "second");
  CHECK(read_shard_entry(tar, "in/b.txt", int64_t(1) << 40) == "second");

  std::string bytes = read_all(tar);
  std::fill(bytes.begin(), bytes.begin() + 512, 'z');
  write_text(tar, bytes);
  CHECK_THROWS_AS(read_shard_entry(tar, "in/b.txt"), UnusableClip);
  CHECK(read_shard_entry(tar, "in/b.txt", entries[2].position) == "second");
  CHECK(read_shard_entry(tar, name, entries[1].position) == "behind a long name");
}

TEST_CASE("a file of a zip is read from its place, without what stands before it", "[media]") {
  const TempFolder folder;
  write_members(folder.path());
  for (const std::string how : {"ZIP_STORED", "ZIP_DEFLATED"}) {
    INFO(how);
    const fs::path zip = folder / "s.zip";
    pack(folder.path(), "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\", zipfile." + how +
                            ")\nz.write(\"in/a.txt\"), z.write(\"in/b.txt\"), z.close()\n");
    const auto entries = list_shard(zip).entries;
    REQUIRE(entries.size() == 2);
    CHECK(read_shard_entry(zip, "in/b.txt", entries[0].position) == "second");
    CHECK(read_shard_entry(zip, "in/a.txt", 7) == std::string(100000, 'x'));
    std::string bytes = read_all(zip);
    std::fill(bytes.begin(), bytes.begin() + 30, 'z');
    write_text(zip, bytes);
    CHECK(read_shard_entry(zip, "in/b.txt", entries[1].position) == "second");
  }
}

TEST_CASE("a directory of a zip that is cut or changed anywhere is no danger", "[media]") {
  const TempFolder folder;
  write_members(folder.path());
  pack(folder.path(),
       "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\", 8)\n"
       "z.write(\"in/a.txt\"), z.write(\"in/b.txt\"), z.close()\n");
  const std::string whole = read_all(folder / "s.zip");
  REQUIRE(zip_members(*own_bytes(whole)).size() == 2);
  for (size_t i = 0; i < whole.size(); ++i) {
    CHECK(zip_members(*own_bytes(whole.substr(0, i))).size() <= 2);
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = whole;
      changed[i] = value;
      for (const auto& [name, member] : zip_members(*own_bytes(changed))) {
        CHECK(member.position >= -1);
        CHECK(member.packed_bytes >= 0);
      }
    }
  }
}

TEST_CASE("a zip above 4 GiB says where its files begin", "[media]") {
  const TempFolder folder;
  // Nothing but a hole stands before the archive.
  write_text(folder / "s.zip", "");
  fs::resize_file(folder / "s.zip", uintmax_t(5) << 30);
  pack(folder.path(),
       "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"a\")\n"
       "z.writestr(\"a.txt\", \"first\"), z.writestr(\"b.txt\", \"second\"), z.close()\n");
  const auto entries = list_shard(folder / "s.zip").entries;
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].position == int64_t(5) << 30);
  CHECK(entries[1].position > entries[0].position);
  CHECK(read_shard_entry(folder / "s.zip", "b.txt", entries[1].position) == "second");
}

TEST_CASE("a zip whose lengths stand behind its files is read all the same", "[media]") {
  const TempFolder folder;
  write_members(folder.path());
  // As it is written into a pipe.
  pack(folder.path(),
       "import zipfile\n"
       "class Pipe:\n  def __init__(self): self.file = open(\"s.zip\", \"wb\")\n"
       "  def write(self, bytes): return self.file.write(bytes)\n"
       "  def flush(self): self.file.flush()\n"
       "z = zipfile.ZipFile(Pipe(), \"w\")\n"
       "z.write(\"in/b.txt\")\nz.write(\"in/a.txt\", compress_type=8)\nz.close()\n");
  const auto entries = list_shard(folder / "s.zip").entries;
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].position == -1);
  for (const ShardEntry& entry : entries) {
    CHECK(read_shard_entry(folder / "s.zip", entry.name, entry.position) ==
          read_all(folder / entry.name));
  }
}

TEST_CASE("names of other scripts are listed and found", "[media]") {
  const TempFolder folder;
  pack(folder.path(),
       "import io, tarfile, zipfile\n"
       "z, t = zipfile.ZipFile(\"s.zip\", \"w\"), tarfile.open(\"s.tar\", \"w\")\n"
       "for name in (\"caf\\u00e9.mp4\", \"\\u732b.mp4\"):\n"
       "  z.writestr(name, b\"x\")\n  info = tarfile.TarInfo(name)\n  info.size = 1\n"
       "  t.addfile(info, io.BytesIO(b\"x\"))\nz.close(), t.close()\n");
  for (const char* name : {"s.zip", "s.tar"}) {
    INFO(name);
    const auto entries = list_shard(folder / name).entries;
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].name == "caf\xC3\xA9.mp4");
    CHECK(entries[1].position > 0);
    CHECK(read_shard_entry(folder / name, "\xE7\x8C\xAB.mp4", entries[1].position) == "x");
    CHECK(read_shard_entry(folder / name, "\xE7\x8C\xAB.mp4") == "x");
  }
}

TEST_CASE("threads read one shard at once", "[media]") {
  const TempFolder folder;
  pack(folder.path(),
       "import io, tarfile, zipfile\n"
       "z, t = zipfile.ZipFile(\"s.zip\", \"w\", 8), tarfile.open(\"s.tar\", \"w\")\n"
       "for i in range(40):\n"
       "  name, text = \"\\u732b%d.txt\" % i, b\"%d \" % i * 20000\n"
       "  z.writestr(name, text)\n  info = tarfile.TarInfo(name)\n"
       "  info.size = len(text)\n  t.addfile(info, io.BytesIO(text))\n"
       "z.close(), t.close()\n");
  for (const char* name : {"s.zip", "s.tar"}) {
    const auto entries = list_shard(folder / name).entries;
    REQUIRE(entries.size() == 40);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (size_t k = 0; k < 4; ++k) {
      threads.emplace_back([&, k] {
        for (size_t i = 0; i < entries.size(); ++i) {
          const size_t at = (i * 7 + k) % entries.size();
          const int64_t position = k == 0 ? -1 : entries[at].position;
          const auto bytes = read_shard_entry(folder / name, entries[at].name, position);
          const std::string number = std::to_string(at) + " ";
          wrong += !bytes.starts_with(number) || bytes.size() != number.size() * 20000;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
  }
}

TEST_CASE("a file whose checksum is wrong is damaged, whichever way it is found", "[media]") {
  const TempFolder folder;
  write_members(folder.path());
  pack(folder.path(),
       "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\")\n"
       "z.write(\"in/a.txt\"), z.write(\"in/b.txt\"), z.close()\n");
  std::string bytes = read_all(folder / "s.zip");
  bytes[5000] = 'y';
  write_text(folder / "s.zip", bytes);
  for (const int64_t position : {-1, 0}) {
    CHECK(contains(error_of([&] { read_shard_entry(folder / "s.zip", "in/a.txt", position); }),
                   "damaged shard"));
  }
  CHECK(read_shard_entry(folder / "s.zip", "in/b.txt") == "second");
}

TEST_CASE("a file that a shard holds half of is damaged, those before it are not", "[media]") {
  const TempFolder folder;
  write_members(folder.path());
  pack(folder.path(),
       "import tarfile\nt = tarfile.open(\"t.tar\", \"w\")\n"
       "for name in (\"in/b.txt\", \"in/a.txt\"): t.add(name)\nt.close()\n");
  const auto entries = list_shard(folder / "t.tar").entries;
  fs::resize_file(folder / "t.tar", 50000);
  for (const int64_t position : {int64_t(-1), entries[1].position}) {
    CHECK(contains(error_of([&] { read_shard_entry(folder / "t.tar", "in/a.txt", position); }),
                   "the shard ends before"));
  }
  CHECK(read_shard_entry(folder / "t.tar", "in/b.txt", entries[0].position) == "second");
}

TEST_CASE("a shard's ending is not part of its stem", "[media]") {
  CHECK(shard_stem("a/b.tar.gz") == "a/b");
  CHECK(shard_stem("a.b/c.d.ZIP") == "a.b/c.d");
  CHECK(shard_stem("c.tgz") == "c");
  CHECK(is_shard("C.Tar"));
}

TEST_CASE("a damaged shard is named", "[media]") {
  const TempFolder folder;
  write_text(folder / "a.zip", "PK\x03\x04 and nothing more");
  CHECK(contains(error_of([&] { list_shard(folder / "a.zip"); }), "a.zip"));
  CHECK(contains(error_of([&] { list_shard(folder / "none.zip"); }), "none.zip"));
}

}  // namespace sana::media
#endif
