// Clips and captions that lie in shards.
#include "core/build_config.h"
#if SANA_HAS_ARCHIVES
#include "data/source/media_lister.h"
#include "data/source/source_list.h"
#include "support/data_fixtures.h"
#include "support/pack.h"

namespace sana::data {
namespace {

// A zip and a tar of the same texts by name, in this order; names may repeat.
void write_shards(const fs::path& stem,
                  const std::vector<std::pair<std::string, std::string>>& files) {
  fs::create_directories(stem.parent_path());
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, text] : files) list.push_back({name, text});
  write_text(stem.parent_path() / "list.tmp", list.dump());
  const std::string name = stem.filename().string();
  pack(stem.parent_path(),
       "import io, json, tarfile, warnings, zipfile\nwarnings.simplefilter(\"ignore\")\n"
       "z = zipfile.ZipFile(\"" +
           name + ".zip\", \"w\")\nt = tarfile.open(\"" + name +
           ".tar\", \"w\")\n"
           "for name, text in json.load(open(\"list.tmp\")):\n"
           "  z.writestr(name, text)\n"
           "  info = tarfile.TarInfo(name)\n  info.size = len(text)\n"
           "  t.addfile(info, io.BytesIO(text.encode()))\n"
           "z.close(), t.close()\n");
  fs::remove(stem.parent_path() / "list.tmp");
}

const SourceItem& item_called(const std::vector<SourceItem>& items, const std::string& id) {
  for (const SourceItem& item : items) {
    if (item.id == id) return item;
  }
  FAIL("not listed: " + id);
  return items.front();
}

TEST_CASE("a shard as source lists its clips and images with their captions", "[data]") {
  const TempFolder folder;
  write_shards(folder / "s", {{"0001.mp4", "clip"},
                              {"0001.txt", " of the\n txt "},
                              {"0001.json", "{\"prompt\": \"not this\"}"},
                              {"0002.PNG", "image"},
                              {"0002.json", "{\"caption\": \"of the json\", \"width\": 5}"},
                              {"0003.mp4", "clip"},
                              {"0003.json", "{\"width\": 5}"},
                              {"sub/0004.seg.mp4", "clip"},
                              {"sub/0004.txt", "by the first dot"},
                              {"0005.mkv", "clip"},
                              {"0005.json", "{ broken"},
                              {"__MACOSX/._0001.mp4", "litter"},
                              {"0006.npy", "unknown"},
                              {"0007.gif", "unknown"},
                              {"0007.txt", "whose clip is a gif"}});
  write_text(folder / "s_vlm.json", R"({"0001": "not this", "0003": {"vlm": "of the file"}})");
  for (const std::string shard : {"s.zip", "s.tar"}) {
    INFO(shard);
    const auto items = list_sources(folder / shard, "all", {"_vlm"});
    REQUIRE(items.size() == 6);
    CHECK(items[0].id == shard + "/0001.mp4");
    CHECK(items[0].place.path == folder / shard);
    CHECK(items[0].place.member == "0001.mp4");
    CHECK(items[3].place.position > 0);
    CHECK(items[0].caption == "of the txt");
    CHECK(items[1].kind == MediaKind::kImage);
    CHECK(items[1].caption == "of the json");
    CHECK(items[2].caption == "of the file");
    CHECK(items[3].id == shard + "/0005.mkv");
    REQUIRE(items[3].problem);
    CHECK(items[3].problem->reason == "caption cannot be read");
    CHECK(contains(items[3].problem->detail, "0005.json"));
    CHECK(items[4].problem->reason == "type not taken");
    CHECK(items[4].id == shard + "/0007.gif");
    CHECK(items[5].caption == "by the first dot");
    CHECK(list_sources(folder / shard, "images").size() ==
          1 + 2);  // what has a problem is told, too
    CHECK(list_sources(folder / shard, "videos").size() == 5);
  }
}

TEST_CASE("the member of a shard is opened by its place", "[data]") {
  const TempFolder folder;
  write_shards(folder / "s", {{"a.mp4", "clip"}, {"b.jpg", "image"}});
  for (const SourceItem& item : list_sources(folder / "s.tar", "all")) {
    char bytes[5] = {};
    const auto source = data::open_bytes(item.place);
    REQUIRE(source->read(0, bytes, 5) == source->size());
    CHECK(std::string(bytes, size_t(source->size())) ==
          (item.kind == MediaKind::kImage ? "image" : "clip"));
    CHECK(item.place.name() == item.place.member);
  }
}

TEST_CASE("each command chooses what is listed of a shard", "[data]") {
  const TempFolder folder;
  write_shards(folder / "s", {{"k.mp4", "one"},
                              {"k.mp4", "two"},
                              {".h.mp4", "hidden"},
                              {"i.png", "image"},
                              {"lone.txt", "words"}});
  const auto ids = [&](const ListOptions& options) {
    MediaLister lister(options);
    lister.add_source(folder / "s.tar", "in/");
    std::string text;
    for (const SourceItem& item : lister.take()) text += item.id + (item.problem ? "! " : " ");
    return text;
  };
  ListOptions options;
  CHECK(ids(options) ==
        "in/s.tar/k.mp4 in/s.tar/k.mp4 (number 2)! in/s.tar/i.png "
        "in/s.tar/lone.txt! ");
  options.captions.reset();
  CHECK(ids(options) == "in/s.tar/k.mp4 in/s.tar/k.mp4 (number 2)! in/s.tar/i.png ");
  options.images = false;
  CHECK(ids(options) == "in/s.tar/k.mp4 in/s.tar/k.mp4 (number 2)! ");
}

TEST_CASE("a folder lists its shards beside its loose clips", "[data]") {
  const TempFolder folder;
  write_shards(folder / "in/sub/s", {{"k.mp4", "clip"}, {"k.txt", "in a shard"}});
  write_text(folder / "in/sub/s.mp4", "x");
  write_text(folder / "in/sub/s.txt", "beside it");
  const auto items = list_sources(folder / "in", "all");
  REQUIRE(items.size() == 3);
  CHECK(items[0].id == "sub/s.mp4");
  CHECK(items[0].caption == "beside it");
  CHECK(items[1].id == "sub/s.tar/k.mp4");
  CHECK(items[2].id == "sub/s.zip/k.mp4");
  CHECK(items[2].caption == "in a shard");
}

TEST_CASE(
    "a name that a shard has twice, a shard without clips, and one that is cut short are told",
    "[data]") {
  const TempFolder folder;
  write_shards(folder / "in/twice", {{"k.mp4", "one"}, {"k.txt", "words"}, {"k.mp4", "two"}});
  write_shards(folder / "in/none", {{"k.md", "notes"}});
  pack(folder / "in",
       "import tarfile\nt = tarfile.open(\"cut.tgz\", \"w:gz\")\n"
       "t.add(\"twice.tar\", \"k.mp4\"), t.close()\n");
  const std::string whole = read_all(folder / "in/cut.tgz");
  write_text(folder / "in/cut.tgz", whole.substr(0, whole.size() / 2));
  const auto items = list_sources(folder / "in", "all");
  REQUIRE(items.size() == 7);
  for (const char* ending : {".tar", ".zip"}) {
    INFO(ending);
    CHECK_FALSE(item_called(items, std::string("twice") + ending + "/k.mp4").problem);
    const auto& again = item_called(items, std::string("twice") + ending + "/k.mp4 (number 2)");
    REQUIRE(again.problem);
    CHECK(again.problem->reason == "listed twice");
    CHECK(item_called(items, std::string("none") + ending).problem->reason ==
          "no clip in the shard");
  }
  CHECK(item_called(items, "cut.tgz").problem->reason == "damaged shard");
  // What a damaged shard held is not known: it is told whatever is asked for.
  CHECK(item_called(list_sources(folder / "in", "images"), "cut.tgz").problem);
}

TEST_CASE("lines of a list may name images and videos of shards", "[data]") {
  const TempFolder folder;
  write_shards(folder / "s", {{"a.mp4", "clip"}, {"b.jpg", "image"}});
  std::string lines;
  for (const char* line : {R"({"path": "s.tar", "member": "a.mp4", "caption": "one"})",
                           R"({"path": "s.tar", "member": "b.jpg", "caption": "two"})",
                           R"({"path": "s.tar", "member": "gone.jpg", "caption": "three"})",
                           R"({"path": "none.tar", "member": "b.jpg", "caption": "four"})"}) {
    lines += std::string(line) + "\n";
  }
  write_text(folder / "list.jsonl", lines);
  const auto items = list_sources(folder / "list.jsonl", "all");
  REQUIRE(items.size() == 4);
  CHECK(item_called(items, "s.tar/a.mp4").kind == MediaKind::kVideo);
  CHECK(item_called(items, "s.tar/b.jpg").kind == MediaKind::kImage);
  CHECK(item_called(items, "s.tar/b.jpg").place.position > 0);
  CHECK(item_called(items, "s.tar/gone.jpg").place.position == -1);
  CHECK(list_sources(folder / "list.jsonl", "videos").size() == 1);
}

TEST_CASE("the hash of a shard's clips changes with the shard, its captions and their names",
          "[data]") {
  const TempFolder folder;
  const auto progress = make_silent_progress();
  const auto hash = [&] {
    return hash_sources(list_sources(folder / "s.zip", "all", {"_vlm"}), *progress);
  };
  write_shards(folder / "s", {{"a.mp4", "one"}});
  const auto first = hash();
  CHECK(hash() == first);
  write_text(folder / "s_vlm.json", R"({"a": "words"})");
  const auto second = hash();
  CHECK(second != first);
  write_shards(folder / "s", {{"a.mp4", "two"}});
  CHECK(hash() != second);
}

}  // namespace
}  // namespace sana::data
#endif
