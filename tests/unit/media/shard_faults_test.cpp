// Members of archives that cannot be used, each told by itself, and archives that hold less than
// they say.
#include "core/build_config.h"
#if SANA_HAS_ARCHIVES
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <map>

#include "core/signals.h"
#include "media/bytes/shard.h"
#include "media/unusable.h"
#include "support/media_fixtures.h"
#include "support/pack.h"

namespace sana::media {
using namespace sana_test;
namespace {

// Reasons by name; "" for a member without a problem.
std::map<std::string, std::string> reasons_in(const fs::path& shard) {
  std::map<std::string, std::string> reasons;
  for (const ShardEntry& entry : list_shard(shard).entries) {
    reasons[entry.name] = entry.problem ? entry.problem->reason : "";
  }
  return reasons;
}

using Reasons = std::map<std::string, std::string>;

// In KiB.
int64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void run(const fs::path& folder, const std::string& command) {
  REQUIRE(std::system(("cd '" + folder.string() + "' && " + command).c_str()) == 0);
}

}  // namespace

TEST_CASE("links, devices and names that lead out of a tar are told one by one", "[media]") {
  const TempFolder folder;
  pack(
      folder.path(),
      "import io, tarfile\n"
      "for format in (0, 1, 2):\n"
      "  t = tarfile.open(\"t%d.tar\" % format, \"w\", format=format)\n"
      "  def add(name, kind=tarfile.REGTYPE, link=\"\"):\n"
      "    info = tarfile.TarInfo(name)\n    info.type, info.linkname = kind, link\n"
      "    info.size = 1 if kind == tarfile.REGTYPE else 0\n"
      "    t.addfile(info, io.BytesIO(b\"x\"))\n"
      "  add(\"./a.mp4\"), add(\"../b.mp4\"), add(\"/c.mp4\"), add(\"d/../e.mp4\")\n"
      "  add(\"h.mp4\", tarfile.LNKTYPE, \"./a.mp4\"), add(\"s.mp4\", tarfile.SYMTYPE, \"a.mp4\")\n"
      "  add(\"p.mp4\", tarfile.FIFOTYPE), add(\"v.mp4\", tarfile.CHRTYPE)\n"
      "  add(\"f\", tarfile.DIRTYPE), add(\"caf\\udce9.mp4\"), add(\"z.mp4\")\n  t.close()\n");
  const Reasons expected = {{"./a.mp4", ""},
                            {"../b.mp4", "name leads out of the shard"},
                            {"/c.mp4", "name leads out of the shard"},
                            {"d/../e.mp4", ""},
                            {"h.mp4", "link in the shard"},
                            {"s.mp4", "link in the shard"},
                            {"p.mp4", "not a file"},
                            {"v.mp4", "not a file"},
                            {"caf\xe9.mp4", ""},
                            {"z.mp4", ""}};
  for (const char* name : {"t0.tar", "t1.tar", "t2.tar"}) {
    INFO(name);
    CHECK(reasons_in(folder / name) == expected);
    CHECK(read_shard_entry(folder / name, "caf\xe9.mp4") == "x");
    CHECK(contains(error_of([&] { read_shard_entry(folder / name, "h.mp4"); }), "link in the"));
    CHECK(contains(error_of([&] { read_shard_entry(folder / name, "../b.mp4"); }), "leads out"));
  }
}

TEST_CASE("an encrypted file of a zip is told, and those beside it are read", "[media]") {
  const TempFolder folder;
  // Encrypted by its flag; what the bytes are does not matter.
  pack(
      folder.path(),
      "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\")\n"
      "z.writestr(\"a.mp4\", b\"secret\" * 9), z.writestr(\"b.mp4\", b\"open\"), z.close()\n"
      "b = bytearray(open(\"s.zip\", \"rb\").read())\n"
      "for mark, at in ((b\"PK\\x03\\x04\", 6), (b\"PK\\x01\\x02\", 8)): b[b.index(mark) + at] |= 1\n"
      "open(\"s.zip\", \"wb\").write(b)\n");
  CHECK(reasons_in(folder / "s.zip") == Reasons{{"a.mp4", "encrypted"}, {"b.mp4", ""}});
  CHECK(read_shard_entry(folder / "s.zip", "b.mp4") == "open");
  CHECK(contains(error_of([&] { read_shard_entry(folder / "s.zip", "a.mp4"); }), "password"));
}

TEST_CASE("archives that were joined with cat are read to their end", "[media]") {
  const TempFolder folder;
  for (const char* name : {"a.mp4", "b.mp4", "c.mp4"}) write_text(folder / name, name);
  run(folder.path(),
      "for n in a b c; do tar -cf $n.tar $n.mp4 && tar -czf $n.tgz $n.mp4; done;"
      "cat a.tar b.tar c.tar > all.tar; cat a.tgz b.tgz c.tgz > all.tgz");
  for (const char* name : {"all.tar", "all.tgz"}) {
    INFO(name);
    const auto listing = list_shard(folder / name);
    CHECK_FALSE(listing.problem);
    REQUIRE(listing.entries.size() == 3);
    for (const ShardEntry& entry : listing.entries) {
      CHECK(read_shard_entry(folder / name, entry.name, entry.position) == entry.name);
    }
  }
}

TEST_CASE("what a shard says behind its damage is told, and what stands before it is used",
          "[media]") {
  const TempFolder folder;
  write_text(folder / "a.mp4", "first");
  write_text(folder / "b.mp4", std::string(100000, 'b'));
  run(folder.path(), "tar -cf t.tar a.mp4 b.mp4; (cat t.tar; echo no tar at all) > behind.tar");
  fs::resize_file(folder / "t.tar", 50000);
  const auto cut = list_shard(folder / "t.tar");
  REQUIRE(cut.entries.size() == 2);
  CHECK_FALSE(cut.entries[0].problem);
  REQUIRE(cut.entries[1].problem);
  CHECK(cut.entries[1].problem->reason == "truncated");
  const auto behind = list_shard(folder / "behind.tar");
  CHECK(behind.entries.size() == 2);
  REQUIRE(behind.problem);
  CHECK(behind.problem->reason == "damaged shard");
  CHECK(read_shard_entry(folder / "behind.tar", "b.mp4").size() == 100000);
}

TEST_CASE("an archive of another kind under a known name says which", "[media]") {
  const TempFolder folder;
  write_text(folder / "a.tar", "BZh91AY&SY and so on");
  write_text(folder / "b.zip", "7z\xBC\xAF\x27\x1C and so on");
  CHECK(contains(error_of([&] { list_shard(folder / "a.tar"); }), "packed with bzip2"));
  CHECK(contains(error_of([&] { list_shard(folder / "b.zip"); }), "packed with 7z"));
}

TEST_CASE("a file with holes, or with more bytes than its shard could hold, is refused by name",
          "[media]") {
  const TempFolder folder;
  for (const char* name : {"a.mp4", "z.mp4"}) write_text(folder / name, name);
  write_text(folder / "big.mp4", "");
  fs::resize_file(folder / "big.mp4", uintmax_t(300) << 20);
  run(folder.path(),
      "tar -Scf gnu.tar a.mp4 big.mp4 z.mp4; tar --format=pax -Scf pax.tar a.mp4 big.mp4 z.mp4;"
      "tar -cf - a.mp4 big.mp4 z.mp4 | gzip -1 > t.tgz");
  pack(folder.path(),
       "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\", 8, compresslevel=1)\n"
       "for n in (\"a.mp4\", \"big.mp4\", \"z.mp4\"): z.write(n)\nz.close()\n");
  for (const char* name : {"gnu.tar", "pax.tar"}) {
    INFO(name);
    CHECK(reasons_in(folder / name) ==
          Reasons{{"a.mp4", ""}, {"big.mp4", "file with holes"}, {"z.mp4", ""}});
    CHECK(contains(error_of([&] { read_shard_entry(folder / name, "big.mp4"); }), "holes"));
    CHECK(read_shard_entry(folder / name, "z.mp4") == "z.mp4");
  }
  const int64_t before = peak_memory();
  CHECK(reasons_in(folder / "s.zip") ==
        Reasons{{"a.mp4", ""}, {"big.mp4", "too large"}, {"z.mp4", ""}});
  CHECK(contains(error_of([&] { read_shard_entry(folder / "s.zip", "big.mp4"); }), "too large"));
  CHECK(read_shard_entry(folder / "s.zip", "z.mp4") == "z.mp4");
  // Whatever stands behind it in a compressed tar costs all of it, every time.
  const auto listing = list_shard(folder / "t.tgz");
  REQUIRE(listing.entries.size() == 2);
  CHECK(listing.entries[1].problem->reason == "too large");
  REQUIRE(listing.problem);
  CHECK(listing.problem->reason == "shard not read to its end");
  CHECK(peak_memory() - before < 100 << 10);
}

TEST_CASE("a compressed tar that is little but air is listed up to some of it", "[media]") {
  const TempFolder folder;
  for (const char* name : {"a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4", "f.mp4"}) {
    write_text(folder / name, "");
    fs::resize_file(folder / name, uintmax_t(30) << 20);
  }
  run(folder.path(), "tar -cf - a.mp4 b.mp4 c.mp4 d.mp4 e.mp4 f.mp4 | gzip -1 > t.tgz");
  const auto listing = list_shard(folder / "t.tgz");
  CHECK(listing.entries.size() == 4);  // the fourth stands behind 90 MiB
  REQUIRE(listing.problem);
  CHECK(contains(listing.problem->detail, "16 times"));
}

TEST_CASE("names of a tar come byte for byte", "[media]") {
  const TempFolder folder;
  // One letter in two forms, and bytes that are no text.
  for (const char* name : {"e\xcc\x81.mp4", "\xc3\xa9.mp4", "\xff.mp4"}) {
    write_text(folder / name, name);
  }
  run(folder.path(),
      "tar --format=gnu -cf g.tar *.mp4; tar --format=pax -cf p.tar *.mp4;"
      "tar --format=pax -czf p.tgz *.mp4");
  for (const char* shard : {"g.tar", "p.tar", "p.tgz"}) {
    INFO(shard);
    const auto entries = list_shard(folder / shard).entries;
    REQUIRE(entries.size() == 3);
    for (const ShardEntry& entry : entries) {
      CHECK(read_shard_entry(folder / shard, entry.name, entry.position) == entry.name);
    }
  }
}

TEST_CASE("a zip that says less than it unpacks to is damaged, not large", "[media]") {
  const TempFolder folder;
  write_text(folder / "big.mp4", "");
  fs::resize_file(folder / "big.mp4", uintmax_t(300) << 20);
  pack(folder.path(),
       "import struct, zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\", 8, compresslevel=1)\n"
       "z.write(\"big.mp4\"), z.close()\nb = bytearray(open(\"s.zip\", \"rb\").read())\n"
       "for mark, at in ((b\"PK\\x03\\x04\", 22), (b\"PK\\x01\\x02\", 24)):\n"
       "  i = b.index(mark) + at\n  b[i:i + 4] = struct.pack(\"<I\", 1000)\n"
       "open(\"s.zip\", \"wb\").write(b)\n");
  const int64_t before = peak_memory();
  for (const int64_t position : {-1, 0}) {
    CHECK(contains(error_of([&] { read_shard_entry(folder / "s.zip", "big.mp4", position); }),
                   "damaged shard"));
  }
  CHECK(peak_memory() - before < 100 << 10);
}

TEST_CASE("members above the limit of the caller are told", "[media]") {
  const TempFolder folder;
  write_text(folder / "a.mp4", std::string(2000, 'a'));
  write_text(folder / "b.mp4", "b");
  run(folder.path(), "tar -cf t.tar a.mp4 b.mp4; tar -czf t.tgz a.mp4 b.mp4");
  const auto listing = list_shard(folder / "t.tar", 1000);
  REQUIRE(listing.entries.size() == 2);
  REQUIRE(listing.entries[0].problem);
  CHECK(contains(listing.entries[0].problem->remedy, "max_member_mib"));
  CHECK_FALSE(listing.entries[1].problem);
  size_t seen = 0;
  read_shard(
      folder / "t.tar", 1000, [](const std::string&) { return true; },
      [&](const ShardEntry& entry, const std::string& bytes) {
        ++seen;
        CHECK(entry.problem.has_value() == bytes.empty());
      });
  CHECK(seen == 2);
}

TEST_CASE("listing a shard ends when it is asked to stop", "[media]") {
  const TempFolder folder;
  write_text(folder / "a.mp4", "x");
  run(folder.path(), "tar -cf t.tar a.mp4");
  install_stop_handlers();
  ::raise(SIGTERM);
  CHECK_THROWS_AS(list_shard(folder / "t.tar"), Stopped);
  clear_stop_request();
  CHECK(list_shard(folder / "t.tar").entries.size() == 1);
}

TEST_CASE("reading a shard ends within a block, but not where a step waits for it", "[media]") {
  const TempFolder folder;
  run(folder.path(), "head -c 4000000 /dev/urandom > a.mp4; tar -czf t.tgz a.mp4");
  install_stop_handlers();
  size_t bytes = 0;
  const auto read = [&] {
    read_shard(
        folder / "t.tgz", 1 << 30,
        [](const std::string&) {
          ::raise(SIGTERM);
          return true;
        },
        [&](const ShardEntry&, const std::string& text) { bytes = text.size(); });
  };
  CHECK_THROWS_AS(read(), Stopped);
  CHECK(bytes == 0);
  clear_stop_request();
  {
    const StopShield shield;
    CHECK_NOTHROW(read());
  }
  CHECK(bytes == 4000000);
  clear_stop_request();
}

}  // namespace sana::media
#endif
