#include "data/source/source_list.h"

#include "support/data_fixtures.h"

namespace sana::data {
namespace {

TEST_CASE("a folder lists videos and images with their captions, sorted, sub-folders too",
          "[data]") {
  const TempFolder folder;
  write_text(folder / "b.mp4", "x");
  write_text(folder / "b.txt", "  two \n words ");
  write_text(folder / "a/c.JPG", "x");
  write_text(folder / "a/c.txt", "an image");
  write_text(folder / ".hidden/d.mp4", "x");
  write_text(folder / "notes.md", "x");
  const auto items = list_sources(folder.path(), "all");
  REQUIRE(items.size() == 2);
  CHECK(items[0].id == "a/c.JPG");
  CHECK(items[0].kind == MediaKind::kImage);
  CHECK(items[1].id == "b.mp4");
  CHECK(items[1].caption == "two words");
  CHECK(list_sources(folder.path(), "images").size() == 1);
}

TEST_CASE("an empty folder is refused and the message says what is expected", "[data]") {
  const TempFolder folder;
  const auto message = error_of([&] { list_sources(folder.path(), "all"); });
  CHECK(contains(message, folder.path().string()));
  CHECK(contains(message, ".mp4"));
  CHECK(contains(message, ".txt"));
}

TEST_CASE("a caption whose clip is missing, and a clip of another type, are listed", "[data]") {
  const TempFolder folder;
  write_text(folder / "a.gif", "x");
  write_text(folder / "a.txt", "a caption");
  write_text(folder / "b.txt", "a caption");
  write_text(folder / "c.heic", "x");  // which has no caption of its own
  for (const char* only : {"all", "images", "videos"}) {
    const auto items = list_sources(folder.path(), only);
    REQUIRE(items.size() == 3);
    for (const SourceItem& item : items) REQUIRE(item.problem);
    CHECK(items[0].id == "a.gif");
    CHECK(items[0].problem->reason == "type not taken");
    CHECK(items[1].problem->reason == "caption without clip");
    CHECK(items[2].problem->reason == "type not taken");
  }
}

TEST_CASE("shots of one video in a list need no ids", "[data]") {
  const TempFolder folder;
  write_text(folder / "list.jsonl",
             "{\"path\": \"a.mp4\", \"start_s\": 0, \"end_s\": 2, \"caption\": \"x\"}\n"
             "{\"path\": \"a.mp4\", \"start_s\": 2, \"end_s\": 5.5, \"caption\": \"x\"}\n"
             "{\"path\": \"a.mp4\", \"start_s\": 2, \"end_s\": 5.5, \"caption\": \"x\"}\n");
  const auto items = list_sources(folder / "list.jsonl", "all");
  REQUIRE(items.size() == 3);
  CHECK(items[0].id == "a.mp4@0-2");
  CHECK(items[1].id == "a.mp4@2-5.5");
  CHECK_FALSE(items[1].problem);
  REQUIRE(items[2].problem);
  CHECK(items[2].problem->reason == "listed twice");
  CHECK(contains(items[2].problem->remedy, "`id`"));
}

TEST_CASE("a JSONL list is read relative to itself and sorted by path", "[data]") {
  const TempFolder folder;
  write_text(folder / "list.jsonl",
             "{\"path\": \"clips/z.mp4\", \"caption\": \"last\", \"license\": \"CC0\"}\n\n"
             "{\"path\": \"clips/a.mkv\", \"caption\": \"first\"}\n"
             "{\"path\": \"clips/z.mp4\", \"caption\": \"again\"}\n");
  const auto items = list_sources(folder / "list.jsonl", "all");
  REQUIRE(items.size() == 3);
  CHECK(items[0].caption == "first");
  CHECK(items[0].place.path == folder / "clips/a.mkv");
  CHECK_FALSE(items[1].problem);
  REQUIRE(items[2].problem);
  CHECK(items[2].problem->reason == "listed twice");
  CHECK(contains(items[2].problem->detail, "line 1 and in line 4"));
  CHECK(items[2].id == "clips/z.mp4 (line 4)");  // two ids: both are counted
}

TEST_CASE("a JSONL line that is not an object with a path is refused with its number", "[data]") {
  const TempFolder folder;
  write_text(folder / "list.jsonl", "{\"path\": \"a.mp4\"}\n{\"caption\": \"no path\"}\n");
  CHECK(contains(error_of([&] { list_sources(folder / "list.jsonl", "all"); }), "list.jsonl:2"));
  write_text(folder / "list.jsonl", "path,caption\n");
  CHECK(contains(error_of([&] { list_sources(folder / "list.jsonl", "all"); }), "list.jsonl:1"));
  CHECK(contains(error_of([&] { list_sources(folder / "none", "all"); }), "does not exist"));
}

TEST_CASE("the caption of a loose clip is its .txt, else its .json, else of a caption file",
          "[data]") {
  const TempFolder folder;
  for (const char* name : {"a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.png", "sub/a.mp4"}) {
    write_text(folder / name, "x");
  }
  write_text(folder / "a.txt", "of the txt");
  write_text(folder / "a.json", "{ broken");
  write_text(folder / "b.json", R"({"text": "third", "caption": "of the json", "width": 5})");
  write_text(folder / "c.json", R"({"width": 5})");
  write_text(folder / "d.json", "{ broken");
  write_text(folder / "_vlm.json", R"({"a": "x", "b": "x", "c": "of the file", "d": "other"})");
  write_text(folder / "_more.json", R"({"c": "second choice", "e": {"more": "of more"}})");
  const auto items = list_sources(folder.path(), "all", {"_vlm", "_more"});
  REQUIRE(items.size() == 6);
  CHECK(items[0].caption == "of the txt");
  CHECK_FALSE(items[0].problem);
  CHECK(items[1].caption == "of the json");
  CHECK(items[2].caption == "of the file");
  CHECK(items[3].caption == "other");
  CHECK(items[4].caption == "of more");
  CHECK(items[5].caption.empty());  // the caption files of another folder
  const auto without = list_sources(folder.path(), "all");
  CHECK(without[2].caption.empty());
  REQUIRE(without[3].problem);
  CHECK(without[3].problem->reason == "caption cannot be read");
  CHECK(contains(without[3].problem->detail, "d.json"));
}

TEST_CASE("a line may say how often its clip is drawn", "[data]") {
  const TempFolder folder;
  const auto list = [&](const std::string& line) {
    write_text(folder / "list.jsonl", line + "\n");
    return list_sources(folder / "list.jsonl", "all");
  };
  CHECK(list(R"({"path": "a.mp4", "caption": "x"})").front().weight == 1);
  CHECK(list(R"({"path": "a.mp4", "caption": "x", "weight": 0.25})").front().weight == 0.25);
  for (const char* weight : {"0", "-1", "1e9"}) {
    const auto message =
        error_of([&] { list(fmt::format(R"({{"path": "a.mp4", "weight": {}}})", weight)); });
    CHECK(contains(message, "list.jsonl:1"));
    CHECK(contains(message, "weight"));
  }
}

TEST_CASE("a caption file that is asked for and is no JSON is an error that names it", "[data]") {
  const TempFolder folder;
  write_text(folder / "a.mp4", "x");
  write_text(folder / "_vlm.json", "[1]");
  CHECK(contains(error_of([&] { list_sources(folder.path(), "all", {"_vlm"}); }), "_vlm.json"));
}

TEST_CASE("the hash of a source changes with contents, captions and names", "[data]") {
  const TempFolder folder;
  const auto progress = make_silent_progress();
  const auto hash = [&] { return hash_sources(list_sources(folder.path(), "all"), *progress); };
  write_text(folder / "a.mp4", "one");
  write_text(folder / "a.txt", "caption");
  const auto first = hash();
  CHECK(hash() == first);
  write_text(folder / "a.mp4", "two");
  const auto second = hash();
  CHECK(second != first);
  write_text(folder / "a.txt", "another");
  const auto third = hash();
  CHECK(third != second);
  fs::rename(folder / "a.mp4", folder / "b.mp4");
  fs::rename(folder / "a.txt", folder / "b.txt");
  CHECK(hash() != third);
}

}  // namespace
}  // namespace sana::data
