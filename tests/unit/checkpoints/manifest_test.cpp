// What makes a checkpoint folder whole.
#include "checkpoints/manifest.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_file.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using namespace sana::checkpoints;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

// A checkpoint of a DiT with a VAE.
void make_checkpoint(const TemporaryDirectory& folder) {
  fs::create_directories(folder / "vae");
  for (const char* name : {"model.safetensors", "model.json", "vae/vae.json"}) {
    folder.file(name, "contents");
  }
  write_manifest(folder.path(), {7, "video_dit"});
}

// What is said of a manifest that was changed.
std::string complaint_about(const TemporaryDirectory& folder,
                            const std::function<void(nlohmann::json&)>& change) {
  nlohmann::json json = read_json_file(folder / "manifest.json");
  change(json);
  folder.file("manifest.json", json.dump());
  return message_of<UserError>([&] { check_manifest(folder.path()); });
}

TEST_CASE("a manifest tells every file that is missing, cut or changed", "[checkpoints]") {
  const TemporaryDirectory folder;
  for (const char* name : {"a.bin", "b.bin", "c.bin", "d.bin", "vae.safetensors"}) {
    folder.file(name, "contents");
  }
  write_manifest(folder.path(), {7, "vae"});
  const Manifest manifest = check_manifest(folder.path());
  CHECK(manifest.step == 7);
  CHECK(manifest.task == "vae");
  fs::remove(folder / "a.bin");
  folder.file("b.bin", "content");
  folder.file("c.bin", "CONTENTS");
  const std::string message =
      sana_test::message_of<UserError>([&] { check_manifest(folder.path()); });
  CHECK(sana_test::contains(message, "a.bin is missing"));
  CHECK(sana_test::contains(message, "b.bin has 7 bytes, expected 8"));
  CHECK(sana_test::contains(message, "c.bin has another content"));
  CHECK_FALSE(sana_test::contains(message, "d.bin"));
}

TEST_CASE("a manifest that leaves its folder, lists no file or nothing of the model does not pass",
          "[checkpoints]") {
  const TemporaryDirectory folder;
  make_checkpoint(folder);
  CHECK(check_manifest(folder.path()).files.size() == 3);
  const auto entry = read_json_file(folder / "manifest.json").at("files").at("model.json");
  SECTION("../") {
    CHECK(contains(complaint_about(folder, [&](auto& json) { json["files"]["../x"] = entry; }),
                   "'../x' is no name inside its folder"));
  }
  SECTION("absolute") {
    CHECK(
        contains(complaint_about(folder, [&](auto& json) { json["files"]["/proc/kmsg"] = entry; }),
                 "'/proc/kmsg' is no name inside its folder"));
  }
  SECTION("through a link") {
    const TemporaryDirectory other;
    fs::remove(folder / "model.json");
    fs::create_symlink(other.file("model.json", "contents"), folder / "model.json");
    CHECK(contains(message_of<UserError>([&] { check_manifest(folder.path()); }),
                   "'model.json' leads out of its folder"));
  }
  SECTION("a folder") {
    CHECK(contains(complaint_about(folder, [&](auto& json) { json["files"]["vae"] = entry; }),
                   "vae is not a file"));
  }
  SECTION("nothing") {
    const std::string message =
        complaint_about(folder, [](auto& json) { json["files"] = nlohmann::json::object(); });
    CHECK(contains(message, "lists no weights of a model"));
    CHECK(contains(message, "model.json is not listed in manifest.json"));
  }
  SECTION("not the weights") {
    CHECK(contains(
        complaint_about(folder, [](auto& json) { json["files"].erase("model.safetensors"); }),
        "model.safetensors is not listed in manifest.json"));
  }
}

TEST_CASE("a manifest of wrong types is a wrong input, told with its key", "[checkpoints]") {
  using nlohmann::json;
  const TemporaryDirectory folder;
  make_checkpoint(folder);
  const auto complaint = [&](const std::function<void(json&)>& change) {
    return complaint_about(folder, change);
  };
  SECTION("step") {
    CHECK(contains(complaint([](json& j) { j["step"] = "7"; }), "'step' is \"7\""));
  }
  SECTION("task") {
    CHECK(contains(complaint([](json& j) { j["task"] = 1; }), "'task' is 1, expected a text"));
  }
  SECTION("format") {
    CHECK(contains(complaint([](json& j) { j["format"] = nullptr; }), "'format' is null"));
  }
  SECTION("files") {
    CHECK(contains(complaint([](json& j) { j["files"] = 3; }), "'files' is 3"));
  }
  SECTION("an entry") {
    CHECK(contains(complaint([](json& j) { j["files"]["model.json"] = "x"; }),
                   "'model.json': this is \"x\""));
  }
  SECTION("bytes") {
    CHECK(contains(complaint([](json& j) { j["files"]["model.json"]["bytes"] = -1; }),
                   "'bytes' is -1"));
  }
  SECTION("sha1") {
    CHECK(
        contains(complaint([](json& j) { j["files"]["model.json"]["sha1"] = 5; }), "'sha1' is 5"));
  }
  SECTION("the whole") {
    CHECK(contains(complaint([](json& j) { j = json::array(); }), "expected a JSON object"));
  }
}

TEST_CASE("files are compared with the manifest of the checkpoint they lie in", "[checkpoints]") {
  const TemporaryDirectory folder;
  make_checkpoint(folder);
  const fs::path weights = folder / "model.safetensors", vae = folder / "vae/vae.json";
  CHECK(verify_files({weights, vae}) == 2);
  folder.file("vae/vae.json", "CONTENTS");
  CHECK(verify_files({weights}) == 1);
  CHECK(contains(message_of<UserError>([&] {
                   verify_files({weights, vae});
                 }),
                 "vae/vae.json has another content (hash)"));
  folder.file("ema.safetensors", "put there later");
  CHECK(contains(message_of<UserError>([&] { verify_files({folder / "ema.safetensors"}); }),
                 "ema.safetensors is not listed in manifest.json"));
  // A manifest.json of something else, and files without one.
  const TemporaryDirectory other;
  other.file("manifest.json", "[]");
  CHECK(verify_files({other.file("a.safetensors", "x"), "/usr/none"}) == 0);
}

}  // namespace
