// Archives are read in place; damaged ones are named.
#include "core/build_config.h"
#if SANA_HAS_ARCHIVES
#include <cstdlib>

#include "data/shard.h"
#include "data/unusable.h"
#include "unit/data/data_fixtures.h"

namespace sana::data {
namespace {

// By Python, which writes what other programs write.
void pack(const fs::path& folder, const std::string& code) {
  const auto command = "cd '" + folder.string() + "' && python3 -c '" + code + "'";
  REQUIRE(std::system(command.c_str()) == 0);
}

void write_members(const fs::path& folder) {
  fs::create_directories(folder / "in");
  write_text(folder / "in" / "b.txt", "second");
  write_text(folder / "in" / "a.txt", std::string(100000, 'x'));
}

}  // namespace

TEST_CASE("stored and deflated zips and tars give the same files", "[data]") {
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
    const auto entries = list_shard(folder / name);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].name == "in/b.txt");
    CHECK(entries[1].bytes == 100000);
    CHECK(read_shard_entry(folder / name, "in/b.txt") == "second");
    CHECK(read_shard_entry(folder / name, "in/a.txt") == std::string(100000, 'x'));
    CHECK_THROWS_AS(read_shard_entry(folder / name, "in/c.txt"), UnusableClip);
    std::string seen;
    read_shard(
        folder / name, [](const std::string& member) { return member == "in/b.txt"; },
        [&](const std::string& member, const std::string& bytes) { seen += member + bytes; });
    CHECK(seen == "in/b.txtsecond");
  }
  CHECK_FALSE(is_shard("a.mp4"));
}

TEST_CASE("a damaged shard is named", "[data]") {
  const TempFolder folder;
  write_text(folder / "a.zip", "PK\x03\x04 and nothing more");
  CHECK(contains(error_of([&] { list_shard(folder / "a.zip"); }), "a.zip"));
  CHECK(contains(error_of([&] { list_shard(folder / "none.zip"); }), "none.zip"));
}

}  // namespace sana::data
#endif
