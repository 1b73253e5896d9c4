// Names and numbers in dataset.json that nobody but a stranger writes.
#include "data/loading/loader.h"
#include "unit/data/odd_sets.h"

namespace sana::data {
namespace {

using Json = nlohmann::json;

std::string refusal(const std::function<void(Json&)>& edit) {
  const TempFolder folder;
  write_odd_set(folder / "set", latents_set(2));
  rewrite_dataset(folder / "set", edit);
  return message_of<UserError>([&] { PreparedDataset dataset(folder / "set"); });
}

TEST_CASE("a shard's name stays in the folder of its set", "[data]") {
  const TempFolder folder;
  write_odd_set(folder / "set", latents_set(2));
  const std::string shard = (folder / "set/shard-00000.h5").string();
  for (const std::string& name :
       {shard, std::string("../set/shard-00000.h5"), std::string("./shard-00000.h5"),
        std::string("a/../shard-00000.h5"), std::string(""), std::string("a/")}) {
    const auto message = refusal([&](Json& json) { json["shards"][0]["file"] = name; });
    INFO(message);
    CHECK(contains(message, "shards[0]: 'file' is '" + name + "'"));
  }
  CHECK(contains(refusal([](Json& json) { json["shards"].push_back(json["shards"][0]); }),
                 "two shards are called shard-00000.h5"));
  CHECK(contains(refusal([](Json& json) { json["shards"][0]["file"] = "null_text"; }), "missing"));
}

TEST_CASE("a link out of a set's folder is not followed, the folder itself may be one", "[data]") {
  const TempFolder folder;
  write_odd_set(folder / "set", latents_set(2));
  fs::create_directory_symlink(folder / "set", folder / "link");
  CHECK(PreparedDataset(folder / "link").size() == 2);
  for (const char* name : {"shard-00000.h5", "null_text.h5"}) {
    fs::rename(folder / "set" / name, folder / name);
    fs::create_symlink(folder / name, folder / "set" / name);
    const auto message = message_of<UserError>([&] { PreparedDataset dataset(folder / "set"); });
    CHECK(contains(message, name));
    CHECK(contains(message, "out of the data set's folder"));
    fs::rename(folder / name, folder / "set" / name);
  }
  fs::rename(folder / "set/shard-00000.h5", folder / "set/other.h5");
  fs::create_symlink("other.h5", folder / "set/shard-00000.h5");
  CHECK(PreparedDataset(folder / "set").sample(1).latents.numel() > 0);
}

TEST_CASE("numbers of dataset.json out of their ranges are refused by their keys", "[data]") {
  struct Case {
    const char* pointer;
    std::vector<Json> values;
  };
  const Json many = uint64_t{1} << 63, huge = 1e300;
  const std::vector<Case> cases = {
      {"/samples/1/weight", {1e15, 1000.5, 0, -1, "1", huge}},
      {"/samples/1/bucket", {"0x48x5", "-32x48x5", "1000000000x48x5", "32x48", "32x48x0", "a", 5}},
      {"/samples/1/shard", {-1, 1, 2.5, "0", many}},
      {"/samples/1/place", {-1, 1e9, "0", many}},
      {"/samples/1/source_fps", {-1, huge, "16"}},
      {"/samples/1/hash", {"", "abc", 5, std::string(40, 'x')}},
      {"/samples/1/id", {5}},
      {"/samples/1/caption", {5, Json()}},
      {"/samples/1", {5, Json::array()}},
      {"/samples", {5, Json::object()}},
      {"/shards/0/bytes", {-1, huge, "1", many}},
      {"/shards/0/hash", {"", 5}},
      {"/shards/0/index_hash", {"../x", 5}},
      {"/shards/0/file", {5}},
      {"/shards", {5, Json()}},
      {"/settings/fps", {0, -16, huge, "16"}},
      {"/settings", {5}},
      {"/counts/listed", {-1, huge, "1", many}},
      {"/counts/unused", {-1, 0.5}},
      {"/encoders/vae", {5}},
      {"/encoders/geometry/stride_h", {0, -1, many, 0.5}},
      {"/encoders/geometry/latent_channels", {0, 1e9}},
      {"/encoders/geometry/first_frame_alone", {1}},
      {"/encoders", {5}},
      {"/source/hash", {5}},
      {"/kind", {"videos", 5}},
      {"/null_text/hash", {5, "a"}},
      {"/null_text/index", {5, Json::object()}},
      {"/null_text/index/tensors/text/pieces", {5, {1}, {-1, 1}, {many, 1}}},
      {"/null_text", {5, Json()}},
      {"/fingerprint", {5, "a"}},
      {"/format_version", {huge, "1", -1}}};
  for (const Case& one : cases) {
    for (const Json& value : one.values) {
      INFO(one.pointer << " = " << value.dump());
      const auto message =
          refusal([&](Json& json) { json[Json::json_pointer(one.pointer)] = value; });
      CHECK(contains(message, "dataset.json"));
      CHECK(contains(message, "prepare the data set again"));
    }
    const auto message =
        refusal([&](Json& json) { json[Json::json_pointer(one.pointer)] = one.values.front(); });
    const std::string key = Json::json_pointer(one.pointer).back();
    if (key.find_first_not_of("0123456789") != std::string::npos) CHECK(contains(message, key));
  }
}

TEST_CASE("a bucket must fit the VAE that its set names", "[data]") {
  const auto message = refusal([](Json& json) { json["samples"][1]["bucket"] = "33x48x5"; });
  CHECK(contains(message, "clip1"));
  CHECK(contains(message, "multiples of 8"));
}

}  // namespace
}  // namespace sana::data
