// Configurations of public checkpoints with values that their keys cannot have.
#include "checkpoints/public/diffusers_config.h"

#include "checkpoints/vae_source.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

using nlohmann::json;
using sana_test::contains;
using sana_test::message_of;

namespace {

json config_of(const std::string& fixture) {
  const sana::SafetensorsFile file(SANA_TEST_DATA "/" + fixture + ".safetensors");
  return json::parse(file.metadata().at("config"));
}

std::string complaint(const std::string& key, const json& value) {
  json config = config_of("dit_480_tiny");
  config[key] = value;
  return message_of<sana::UserError>(
      [&] { sana::checkpoints::sana_video_config_from_diffusers(config, "config.json"); });
}

}  // namespace

TEST_CASE("sizes must be written as integers that a size can have", "[diffusers_config]") {
  CHECK(sana::checkpoints::sana_video_config_from_diffusers(config_of("dit_480_tiny"), "")
            .num_heads == 4);
  for (const json& value : {json(4.5), json(true), json("4"), json(nullptr), json(1e300),
                            json(int64_t{1} << 40), json(UINT64_MAX), json(INT64_MIN)}) {
    INFO(value.dump());
    CHECK(contains(
        complaint("num_attention_heads", value),
        "config.json: 'num_attention_heads' is " + value.dump() + ", expected an integer"));
  }
  CHECK(contains(complaint("patch_size", {1, 2.5, 2}), "'patch_size' is [1,2.5,2]"));
  CHECK(contains(complaint("qk_norm", 1), "'qk_norm' is 1, expected a text"));
  CHECK(contains(complaint("num_cross_attention_heads", 0), "must be at least 1, got 0"));
  CHECK(contains(complaint("in_channels", json(std::string(1000, 'x'))), "xxx"));
}

TEST_CASE("a missing key is named, whichever it is", "[diffusers_config]") {
  const json complete = config_of("dit_480_tiny");
  for (const char* key : {"num_layers", "patch_size", "cross_attention_dim", "qk_norm"}) {
    json config = complete;
    config.erase(key);
    CHECK(contains(message_of<sana::UserError>([&] {
                     sana::checkpoints::sana_video_config_from_diffusers(config, "config.json");
                   }),
                   fmt::format("config.json: key '{}' is missing", key)));
  }
}

TEST_CASE("flags and lists of a VAE's configuration are checked item by item",
          "[diffusers_config]") {
  json config = config_of("wan_vae_tiny");
  CHECK(sana::checkpoints::wan_vae_config_from_diffusers(config, "").latent_channels == 4);
  config["temperal_downsample"] = {0, 1, 1};
  CHECK(contains(message_of<sana::UserError>([&] {
                   sana::checkpoints::wan_vae_config_from_diffusers(config, "config.json");
                 }),
                 "'temperal_downsample' is [0,1,1], expected a list, each entry true or false"));
}

TEST_CASE("a VAE whose class is no text is refused with the name of its file",
          "[diffusers_config]") {
  const sana_test::TemporaryDirectory folder;
  folder.file("config.json", R"({"_class_name": 3})");
  CHECK(contains(message_of<sana::UserError>([&] { sana::checkpoints::find_vae(folder.path()); }),
                 (folder / "config.json").string() + ": '_class_name' is 3, expected a text"));
}
