// `prepare` with VAEs of every layout that it takes.
#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "data/prepared/prepared_dataset.h"
#include "end_to_end/run_program.h"
#include "support/catch.h"
#include "support/data_fixtures.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::describe;
using sana_test::Outcome;
using sana_test::run_program;
using sana_test::TemporaryDirectory;

// A stored tiny model: its diffusers folder, or the file of weights that a DC-AE-V is.
void write_vae(const fs::path& path, const std::string& fixture) {
  const sana::SafetensorsFile file(fs::path(SANA_TEST_DATA) / (fixture + ".safetensors"));
  sana::TensorMap weights;
  for (const auto& [name, tensor] : file.tensors()) {
    if (name.starts_with("w.")) weights[name.substr(2)] = tensor;
  }
  if (path.extension() == ".safetensors") {
    sana::save_safetensors(path, weights);
    return;
  }
  auto config = nlohmann::json::parse(file.metadata().at("config"));
  config["_class_name"] = file.metadata().at("model");
  fs::create_directories(path);
  std::ofstream(path / "config.json") << config.dump();
  sana::save_safetensors(path / "diffusion_pytorch_model.safetensors", weights);
}

void write_yaml(const TemporaryDirectory& folder) {
  folder.file("prepare.yaml",
              "source: clips\noutput: latents\nkind: latents\nvae: vae\nframes: 80\n"
              "buckets: {sizes: [64x96]}\ndevice: cpu\n");
  fs::create_directories(folder / "clips");
}

}  // namespace

TEST_CASE("prepare encodes with any VAE that sampling decodes with", "[end_to_end]") {
  const TemporaryDirectory folder;
  write_yaml(folder);
  struct Case {
    std::string fixture, name;
    int64_t frames, channels, latent_frames, stride;
  };
  for (const Case& vae :
       {Case{"wan_vae_tiny", "wan", 9, 4, 3, 8}, Case{"ltx2_vae_tiny", "ltx2", 9, 4, 3, 8},
        Case{"dcae_tiny", "dcae", 3, 8, 3, 4},
        Case{"dc_ae_video_tiny", "dcaev.safetensors", 8, 6, 2, 4}}) {
    INFO(vae.fixture);
    write_vae(folder / vae.name, vae.fixture);
    const std::string pixels = "pixels-" + vae.fixture, latents = "latents-" + vae.fixture;
    sana::data::make_pixels_dataset(folder / pixels, {{32, 64, vae.frames}, {32, 32, 1}});
    const Outcome outcome = run_program(
        {"prepare", "prepare.yaml", "source=" + pixels, "output=" + latents, "vae=" + vae.name},
        folder.path());
    INFO(describe(outcome));
    REQUIRE(outcome.exit_code == 0);
    const sana::data::PreparedDataset dataset(folder / latents);
    REQUIRE(dataset.size() == 2);
    CHECK(dataset.read({0}).data.sizes() ==
          at::IntArrayRef({1, vae.channels, vae.latent_frames, 32 / vae.stride, 64 / vae.stride}));
    CHECK(dataset.read({1}).data.size(2) == 1);
    CHECK_FALSE(dataset.vae_identity().empty());
  }
}

TEST_CASE(
    "frames and sizes that the VAE does not take are named with file and line before its "
    "weights are read",
    "[end_to_end]") {
  const TemporaryDirectory folder;
  write_yaml(folder);
  fs::create_directories(folder / "vae");  // the public sizes, and no weights
  folder.file("vae/config.json", R"({"_class_name": "AutoencoderKLLTX2Video"})");
  const Outcome outcome = run_program({"prepare", "prepare.yaml"}, folder.path());
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.err, "prepare.yaml:5: frames must be 8k+1 for the LTX-2 VAE"));
  CHECK(contains(outcome.err, "nearest are 73 and 81"));
  const Outcome size =
      run_program({"prepare", "prepare.yaml", "frames=81", "buckets.sizes=[48x64]"}, folder.path());
  INFO(describe(size));
  CHECK(size.exit_code == 2);
  CHECK(contains(size.err, "command line: buckets.sizes"));
  CHECK(contains(size.err, "48x64"));
  // What the VAE takes goes on to the weights, which are missing.
  const Outcome rest = run_program({"prepare", "prepare.yaml", "frames=81"}, folder.path());
  CHECK(rest.exit_code == 2);
  CHECK_FALSE(contains(rest.err, "8k+1"));
}

TEST_CASE("a DC-AE-V takes 4k frames", "[end_to_end]") {
  const TemporaryDirectory folder;
  write_yaml(folder);
  write_vae(folder / "v.safetensors", "dc_ae_video_tiny");
  const Outcome outcome =
      run_program({"prepare", "prepare.yaml", "vae=v.safetensors", "frames=81"}, folder.path());
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.err, "command line: frames must be 4k for the DC-AE-V"));
  CHECK(contains(outcome.err, "nearest are 80 and 84"));
}

TEST_CASE("a VAE that is none is named with its key", "[end_to_end]") {
  const TemporaryDirectory folder;
  write_yaml(folder);
  const Outcome outcome = run_program({"prepare", "prepare.yaml", "vae=absent"}, folder.path());
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.err, "vae: 'absent'"));
}
