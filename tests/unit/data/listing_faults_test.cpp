// Names, captions and entries that one bad of must not spoil the rest.
#include <sys/stat.h>

#include <map>
#include <set>

#include "core/build_config.h"
#include "core/text.h"
#include "data/source/source_list.h"
#include "support/data_fixtures.h"
#include "support/pack.h"

namespace sana::data {
namespace {

std::map<std::string, SourceItem> listed(const fs::path& source, const std::string& only = "all") {
  std::map<std::string, SourceItem> items;
  for (SourceItem& item : list_sources(source, only)) items.emplace(item.id, std::move(item));
  return items;
}

void clip(const fs::path& file) { write_text(file, "not looked into while listing"); }

TEST_CASE("captions are text in the encodings that people use, others are told", "[data]") {
  const TempFolder folder;
  const std::map<std::string, std::string> captions = {{"plain", "a caf\xc3\xa9"},
                                                       {"mark",
                                                        "\xef\xbb\xbf"
                                                        "a caf\xc3\xa9\r\n"},
                                                       {"wide", std::string("\xff\xfe"
                                                                            "a\0 \0c\0a\0f\0\xe9\0",
                                                                            14)},
                                                       {"latin", "a caf\xe9"},
                                                       {"zeros", std::string("a\0 \0c\0", 6)}};
  for (const auto& [name, text] : captions) {
    clip(folder / (name + ".mp4"));
    write_text(folder / (name + ".txt"), text);
  }
  auto items = listed(folder.path());
  for (const char* name : {"plain.mp4", "mark.mp4", "wide.mp4"}) {
    INFO(name);
    CHECK(items.at(name).caption == "a caf\xc3\xa9");
    CHECK_FALSE(items.at(name).problem);
  }
  for (const char* name : {"latin.mp4", "zeros.mp4"}) {
    INFO(name);
    REQUIRE(items.at(name).problem);
    CHECK(items.at(name).problem->reason == "caption cannot be read");
    CHECK(contains(items.at(name).problem->detail, "save it as UTF-8"));
  }
}

TEST_CASE("a broken or foreign .json spoils the caption of its clip alone", "[data]") {
  const TempFolder folder;
  for (const char* name : {"a", "b", "c"}) clip(folder / (std::string(name) + ".mp4"));
  write_text(folder / "a.json", R"({"caption": "fine"})");
  write_text(folder / "b.json", "{\"caption\": \"caf\xe9 au lait\"}");
  write_text(folder / "c.json", "{ broken \xe9");
  auto items = listed(folder.path());
  CHECK(items.at("a.mp4").caption == "fine");
  for (const char* name : {"b.mp4", "c.mp4"}) {
    REQUIRE(items.at(name).problem);
    CHECK(is_utf8(items.at(name).problem->detail));
  }
}

TEST_CASE("names that are no UTF-8 stay apart, and each keeps its caption", "[data]") {
  const TempFolder folder;
  std::set<std::string> captions;
  for (int byte = 0xe0; byte < 0xec; ++byte) {
    const std::string stem = std::string("caf") + char(byte);
    clip(folder / (stem + ".mp4"));
    write_text(folder / (stem + ".txt"), "caption " + std::to_string(byte));
  }
  for (const auto& [id, item] : listed(folder.path())) {
    CHECK(is_utf8(id));
    CHECK(fs::exists(item.place.path));
    captions.insert(item.caption);
  }
  CHECK(captions.size() == 12);
}

TEST_CASE("endings of captions count in any case", "[data]") {
  const TempFolder folder;
  clip(folder / "CLIP.MP4");
  write_text(folder / "CLIP.TXT", "loud");
  clip(folder / "b.mp4");
  write_text(folder / "b.tXt", "mixed");
  clip(folder / "c.Png");
  write_text(folder / "c.jSON", R"({"caption": "in JSON"})");
  clip(folder / "d.mp4");
  write_text(folder / "d.TXT", "in capitals");
  write_text(folder / "d.txt", "in small letters");
  const auto items = listed(folder.path());
  CHECK(items.at("CLIP.MP4").caption == "loud");
  CHECK(items.at("b.mp4").caption == "mixed");
  CHECK(items.at("c.Png").caption == "in JSON");
  CHECK(items.at("d.mp4").caption == "in small letters");
  CHECK(items.size() == 4);
}

TEST_CASE("a caption file that is no caption by its size is told with its clip", "[data]") {
  const TempFolder folder;
  for (const char* name : {"a.mp4", "b.mp4", "c.mp4"}) clip(folder / name);
  write_text(folder / "a.txt", std::string((1 << 20) + 1, 'x'));
  write_text(folder / "b.json", R"({"caption": ")" + std::string((1 << 20) + 1, 'x') + "\"}");
  write_text(folder / "c.json", "");
  fs::resize_file(folder / "c.json", uintmax_t(5) << 30);  // a hole
  const auto items = listed(folder.path());
  REQUIRE(items.size() == 3);
  for (const auto& [id, item] : items) {
    INFO(id);
    REQUIRE(item.problem);
    CHECK(item.problem->reason == "caption cannot be read");
    CHECK(contains(item.problem->detail, "expected at most"));
  }
}

TEST_CASE("what is called like a clip and is no file is told", "[data]") {
  const TempFolder folder;
  clip(folder / "a.mp4");
  write_text(folder / "a.txt", "a");
  REQUIRE(::mkfifo((folder / "b.mp4").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  fs::create_symlink("gone", folder / "more");  // perhaps a disk that is not mounted
  const auto items = listed(folder.path());
  CHECK(items.at("b.mp4").problem->reason == "not a file");
  CHECK(items.at("more").problem->reason == "cannot be read");
  CHECK(items.at("a.mp4").caption == "a");
}

TEST_CASE("archives of other kinds are named with what to do", "[data]") {
  const TempFolder folder;
  clip(folder / "a.mp4");
  write_text(folder / "a.txt", "a");
  for (const char* name : {"b.tar.bz2", "c.TAR.XZ", "d.tar.zst", "e.7z", "f.rar"}) {
    write_text(folder / name, "x");
    const auto items = listed(folder.path());
    REQUIRE(items.count(name) == 1);
    CHECK(items.at(name).problem->reason == "archive of another kind");
    CHECK(contains(items.at(name).problem->remedy, ".tar or .zip"));
    CHECK(contains(error_of([&] { list_sources(folder / name, "all"); }), "unpack it"));
  }
}

TEST_CASE("links that lead nowhere or back are told, and the rest is listed", "[data]") {
  const TempFolder folder;
  clip(folder / "in/a.mp4");
  write_text(folder / "in/a.txt", "a");
  fs::create_directory_symlink("..", folder / "in/back");
  fs::create_symlink("nowhere.mp4", folder / "in/b.mp4");
  fs::create_symlink("c.mp4", folder / "in/c.mp4");
  auto items = listed(folder.path());
  CHECK(items.at("in/a.mp4").caption == "a");
  REQUIRE(items.count("in/back") == 1);
  CHECK(items.at("in/back").problem->reason == "folder within itself");
  CHECK(items.at("in/b.mp4").problem->reason == "cannot be read");
  CHECK(items.at("in/c.mp4").problem->reason == "cannot be read");
  CHECK(items.size() == 4);
}

TEST_CASE("what has a problem is told whatever kind is asked for", "[data]") {
  const TempFolder folder;
  clip(folder / "a.jpg");
  write_text(folder / "a.txt", "a");
  clip(folder / "b.heic");
  write_text(folder / "b.txt", "b");
  clip(folder / "c.mp4");
  write_text(folder / "c.txt", "c");
  auto items = listed(folder.path(), "images");
  CHECK(items.size() == 2);
  CHECK(items.at("b.heic").problem->reason == "type not taken");
}

#if SANA_HAS_ARCHIVES
TEST_CASE("members of an archive may be named from its folder on", "[data][archives]") {
  const TempFolder folder;
  clip(folder / "clips/a.mp4");
  write_text(folder / "clips/a.txt", "of a");
  clip(folder / "clips/.hidden/b.mp4");
  pack(folder.path(),
       R"(import tarfile; t = tarfile.open("dot.tar", "w"); t.add("clips", "."); t.close())");
  const auto items = listed(folder / "dot.tar");
  REQUIRE(items.size() == 1);
  CHECK(items.begin()->first == "dot.tar/a.mp4");
  CHECK(items.begin()->second.caption == "of a");
}
#endif

}  // namespace
}  // namespace sana::data
