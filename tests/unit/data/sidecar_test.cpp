// Captions and scores beside the videos, in the public layouts.
#include "data/source/sidecar.h"

#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
using namespace sana::data;
using nlohmann::json;
using sana_test::ContainsSubstring;
using sana_test::TemporaryDirectory;

}  // namespace

TEST_CASE("a sidecar's value is a number, a text, or the field that bears its name", "[data]") {
  CHECK(sidecar_value(3.5, "_unimatch", false) == 3.5);
  CHECK(sidecar_value("words", "_vlm", true) == "words");
  CHECK(sidecar_value("words", "_vlm", false).is_null());
  CHECK(sidecar_value({{"_unimatch", 2}, {"other", 9}}, "_unimatch", false) == 2);
  CHECK(sidecar_value({{"unimatch", 2}, {"other", 9}}, "_unimatch", false) == 2);
  CHECK(sidecar_value({{"score", 4}, {"note", "x"}}, "_unimatch", false) == 4);
  CHECK(sidecar_value({{"a", 4}, {"b", 5}}, "_unimatch", false).is_null());
  CHECK(sidecar_value(json::array({1}), "_unimatch", false).is_null());
}

TEST_CASE("files bring captions and scores of their own", "[data]") {
  const TemporaryDirectory folder;
  folder.file("a.mp4", "x");
  folder.file("a.txt", "  two\n words ");
  folder.file("a.json", R"({"prompt": "a prompt", "width": 5})");
  folder.file("_unimatch.json", R"({"a": {"_unimatch": 4.5}, "b": 1})");
  folder.file("_vlm.json", R"({"a": {"vlm": "a long caption"}})");
  SidecarReader reader({"_unimatch"}, {"_vlm"});
  const Sidecar a = reader.read(folder / "a.mp4");
  CHECK(a.captions == std::map<std::string, std::string>{{"txt", "two words"},
                                                         {"prompt", "a prompt"},
                                                         {"_vlm", "a long caption"}});
  CHECK(a.scores == std::map<std::string, double>{{"_unimatch", 4.5}});
  const Sidecar b = reader.read(folder / "b.mp4");
  CHECK(b.captions.empty());
  CHECK(b.scores.at("_unimatch") == 1);
  CHECK(reader.read(folder / "c.mp4").scores.empty());
}

TEST_CASE("the key of a member is its name without the last ending, then without all of them",
          "[data]") {
  CHECK(keys_in_shard("0001.mp4") == std::vector<std::string>{"0001"});
  CHECK(keys_in_shard("a.b/0001.seg.mp4") == std::vector<std::string>{"a.b/0001.seg", "a.b/0001"});
  CHECK(keys_in_shard(".x.mp4") == std::vector<std::string>{".x"});
}

TEST_CASE("a broken .json of one clip is told and stops nothing", "[data]") {
  const TemporaryDirectory folder;
  folder.file("a.mp4", "x");
  folder.file("a.json", "{\"prompt\": ");
  folder.file("a.txt", "words");
  SidecarReader reader({}, {});
  const Sidecar sidecar = reader.read(folder / "a.mp4");
  CHECK(sidecar.captions.at("txt") == "words");
  CHECK(sidecar.captions.size() == 1);
  CHECK(sidecar.problem.find("a.json") != std::string::npos);
}

TEST_CASE("a sidecar that is no JSON is named", "[data]") {
  const TemporaryDirectory folder;
  folder.file("_unimatch.json", "{");
  SidecarReader reader({"_unimatch"}, {});
  CHECK_THROWS_WITH(reader.read(folder / "a.mp4"), ContainsSubstring("_unimatch.json"));
}
