#include "checkpoints/public/wan_vae_public.h"

#include "checkpoints/vae_source.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

using nlohmann::json;
using sana_test::contains;
using sana_test::message_of;

TEST_CASE("flags and lists of a VAE's configuration are checked item by item", "[config]") {
  const sana::SafetensorsFile file(SANA_TEST_DATA "/wan_vae_tiny.safetensors");
  json config = json::parse(file.metadata().at("config"));
  CHECK(sana::checkpoints::wan_vae_config_from_diffusers(config, "").latent_channels == 4);
  config["temperal_downsample"] = {0, 1, 1};
  CHECK(contains(message_of<sana::UserError>([&] {
                   sana::checkpoints::wan_vae_config_from_diffusers(config, "config.json");
                 }),
                 "'temperal_downsample' is [0,1,1], expected a list, each entry true or false"));
}

TEST_CASE("a VAE whose class is no text is refused with the name of its file", "[config]") {
  const sana_test::TemporaryDirectory folder;
  folder.file("config.json", R"({"_class_name": 3})");
  CHECK(contains(message_of<sana::UserError>([&] { sana::checkpoints::find_vae(folder.path()); }),
                 (folder / "config.json").string() + ": '_class_name' is 3, expected a text"));
}
