#include "data/source/manifest_line.h"

#include "support/data_fixtures.h"

namespace sana::data {
namespace {

using Json = nlohmann::json;

ManifestLine whole_line() {
  ManifestLine line;
  line.id = "s.zip/k.mp4#2";
  line.place = Place::whole("../raw/s.zip");
  line.place.member = "k.mp4";
  line.place.start_s = 1.25;
  line.place.end_s = 6.5;
  line.place.crop = CropBox{0, 60, 1920, 960};
  line.frames = 126;
  line.fps = 24;
  line.width = 1920;
  line.height = 1080;
  line.caption = "a cat";
  line.caption_source = "txt";
  line.captions = {{"txt", "a cat", 1}, {"_vlm", "a grey cat", 3}};
  line.weight = 0.5;
  line.scores = {{"motion", 5.5}, {"blur", 0.1}};
  return line;
}

// The complaint about a line with one key changed.
std::string complaint(const std::string& key, const Json& value) {
  Json json = {{"path", "a.mp4"}, {"start_s", 1.0}, {"end_s", 2.0}};
  json[key] = value;
  return error_of([&] { ManifestLine::from_json(json).check(); });
}

TEST_CASE("a line is written with its keys in their order, and read back", "[data]") {
  const auto json = whole_line().to_json();
  CHECK(json.dump() ==
        R"({"id":"s.zip/k.mp4#2","path":"../raw/s.zip","member":"k.mp4","start_s":1.25,)"
        R"("end_s":6.5,"frames":126,"fps":24.0,"width":1920,"height":1080,)"
        R"("crop":[0,60,1920,960],"caption":"a cat","caption_source":"txt",)"
        R"("captions":{"txt":["a cat",1.0],"_vlm":["a grey cat",3.0]},"weight":0.5,)"
        R"("scores":{"motion":5.5,"blur":0.1}})");
  const ManifestLine read = ManifestLine::from_json(Json::parse(json.dump()));
  read.check();
  // Objects of nlohmann::json are sorted by name.
  CHECK(Json(read.to_json()) == Json(json));
}

TEST_CASE("a line with a path alone is all of that file", "[data]") {
  const ManifestLine line = ManifestLine::from_json({{"path", "sub/a.mp4"}, {"license", "CC0"}});
  line.check();
  CHECK(line.id == "sub/a.mp4");
  CHECK(line.weight == 1);
  CHECK(line.place.start_s == 0);
  CHECK_FALSE(line.place.end_s.has_value());
  CHECK_FALSE(line.place.crop.has_value());
  const auto member = ManifestLine::from_json({{"path", "s.tar"}, {"member", "a.mp4"}});
  CHECK(member.id == "s.tar/a.mp4");
}

TEST_CASE("a line with times and without an id is called by its times", "[data]") {
  const auto id = [](const char* json) { return ManifestLine::from_json(Json::parse(json)).id; };
  CHECK(id(R"({"path": "a.mp4", "start_s": 1.5, "end_s": 4})") == "a.mp4@1.5-4");
  CHECK(id(R"({"path": "a.mp4", "start_s": 0, "end_s": 4})") == "a.mp4@0-4");
  CHECK(id(R"({"path": "a.mp4", "start_s": 1.5})") == "a.mp4@1.5-");
  CHECK(id(R"({"path": "s.zip", "member": "k.mp4", "end_s": 2})") == "s.zip/k.mp4@0-2");
  CHECK(id(R"({"path": "a.mp4", "start_s": 1.5, "id": "mine"})") == "mine");
}

TEST_CASE("names of files that are no UTF-8 come back from a line as they were", "[data]") {
  ManifestLine line;
  line.id = "x";
  line.place = Place::whole("caf\xe9/a\xef\xbf\xbd.tar");
  line.place.member = "\xff.mp4";
  const auto read = ManifestLine::from_json(Json::parse(line.to_json().dump()));
  CHECK(read.place.path == line.place.path);
  CHECK(read.place.member == line.place.member);
}

TEST_CASE("a list may name a file whose name looks like an escape", "[data]") {
  const TempFolder folder;
  const std::string name =
      "a\xef\xbf\xbd"
      "41.mp4";
  write_text(folder / name, "x");
  CHECK(path_in_list(folder.path(), name) == folder / name);
  write_text(folder / "aA.mp4", "x");
  CHECK(path_in_list(folder.path(), name) == folder / "aA.mp4");
}

TEST_CASE("each key that says which clip it is has a type and a range", "[data]") {
  CHECK(contains(complaint("path", 5), "'path' and 'caption'"));
  CHECK(contains(complaint("member", 5), "'member' is 5, expected a text"));
  CHECK(contains(complaint("start_s", "1"), "number"));
  CHECK(contains(complaint("start_s", -0.5), "start_s must be between 0"));
  CHECK(contains(complaint("end_s", 0.5), "end_s must be at least 1"));
  CHECK(contains(complaint("start_s", 1e300), "start_s must be between 0"));
  CHECK(contains(complaint("end_s", 1e300), "end_s must be between 0"));
  CHECK(contains(complaint("crop", Json::array({0, 0, 64})), "'crop' is [0,0,64], expected [x, y"));
  CHECK(contains(complaint("crop", Json::array({-2, 0, 64, 64})), "crop must be between 0"));
  for (const Json& side : {Json(1e300), Json(1.5), Json("64"), Json(nullptr), Json(1LL << 40)}) {
    INFO(side);
    CHECK(contains(complaint("crop", Json::array({0, 0, side, 64})), "'crop'"));
  }
  CHECK(contains(complaint("caption", std::string((1 << 20) + 1, 'x')), "caption has 1048577"));
  for (const double weight : {0.0, -1.0, 1000.5}) {
    CHECK(contains(complaint("weight", weight), "weight must be above 0, up to 1000"));
  }
}

TEST_CASE("what only describes a clip may be anything in the lists of others", "[data]") {
  const ManifestLine line = ManifestLine::from_json({{"path", "a.mp4"},
                                                     {"caption", nullptr},
                                                     {"fps", "30"},
                                                     {"frames", 0},
                                                     {"width", "wide"},
                                                     {"height", 1e300},
                                                     {"captions", Json::array({"a", "b"})},
                                                     {"scores", "good"}});
  line.check();
  CHECK(line.caption.empty());
  CHECK_FALSE(line.fps.has_value());
  CHECK_FALSE(line.frames.has_value());
  CHECK_FALSE(line.width.has_value());
  CHECK_FALSE(line.height.has_value());
  CHECK(line.captions.empty());
  CHECK(line.scores.empty());
}

TEST_CASE("lines are counted from 1, empty ones too, and paths are relative to the file",
          "[data]") {
  const TempFolder folder;
  write_text(
      folder / "sub/list.jsonl",
      "{\"path\": \"a.mp4\"}\n \r\n{\"path\": \"/b.mp4\"}\n{\"path\": \"c\", \"weight\": 0}");
  std::vector<std::string> read;
  const auto message = error_of([&] {
    read_manifest(folder / "sub/list.jsonl", [&](const ManifestLine& line, int64_t number) {
      read.push_back(fmt::format("{} {}", number, line.place.path.string()));
    });
  });
  CHECK(read == std::vector<std::string>{"1 " + (folder / "sub/a.mp4").string(), "3 /b.mp4"});
  CHECK(contains(message, "list.jsonl:4: weight must be"));
}

}  // namespace
}  // namespace sana::data
