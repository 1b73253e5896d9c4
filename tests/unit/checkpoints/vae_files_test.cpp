// VAEs in the folders that this program and the public ones write.
#include <ATen/ATen.h>

#include <fstream>

#include "checkpoints/vae_source.h"
#include "checkpoints/wan_vae_file.h"
#include "core/config/json.h"
#include "core/error.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/dc_ae_models.h"
#include "support/temporary_directory.h"
#include "support/tiny_vaes.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using nlohmann::json;
using sana_test::ContainsSubstring;

TEST_CASE("a saved VAE opens with the same weights, statistics and identity", "[model][vae]") {
  const sana_test::TemporaryDirectory temporary;
  const fs::path& folder = temporary.path();
  model::WanVae vae = sana_test::random_wan_vae();
  checkpoints::save_wan_vae(folder, vae, at::kBFloat16);
  model::WanVae again = checkpoints::load_wan_vae(folder);
  CHECK(again->config().latents_std == vae->config().latents_std);
  CHECK(model::vae_identity(again) == model::vae_identity(vae));
  for (const auto& [name, tensor] : model::state_dict(*vae)) {
    const at::Tensor stored = model::state_dict(*again).at(name);
    CHECK(at::equal(stored, tensor.to(at::kBFloat16).to(at::kFloat)));
  }
  again->set_latent_statistics({0, 0, 0}, {1, 1, 1});
  CHECK(model::vae_identity(again) != model::vae_identity(vae));
}

TEST_CASE("a folder without a VAE, or with a damaged description, says so", "[model][vae]") {
  const sana_test::TemporaryDirectory temporary;
  const fs::path& folder = temporary.path();
  CHECK_THROWS_WITH(checkpoints::load_wan_vae(folder), ContainsSubstring("vae.json"));
  std::ofstream(folder / "vae.json") << R"({"model": "wan_vae", "config": {"base_dimm": 4}})";
  CHECK_THROWS_WITH(checkpoints::load_wan_vae(folder), ContainsSubstring("base_dim"));
}

TEST_CASE(
    "a public LTX-2 folder opens in the dtype that is asked for, one of another class does not",
    "[model][ltx2]") {
  const sana_test::TemporaryDirectory folder;
  const TensorMap weights =
      model::state_dict(*sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config()));
  save_safetensors(folder / "diffusion_pytorch_model.safetensors", weights);
  json description = json::parse(config::to_json(sana_test::tiny_ltx2_config()).dump());
  description["_class_name"] = "AutoencoderKLLTX2Video";
  folder.file("config.json", description.dump());
  const auto vae = checkpoints::find_vae(folder.path()).load(at::kCPU, at::kBFloat16);
  model::Ltx2Vae same = sana_test::random_ltx2_vae(sana_test::tiny_ltx2_config());
  model::load_state_dict(*same, weights, "weights");
  CHECK(vae->identity() == model::make_video_vae(same, at::kCPU, at::kBFloat16)->identity());
  description["_class_name"] = "AutoencoderKLWan";
  folder.file("config.json", description.dump());
  CHECK_THROWS_WITH(checkpoints::find_vae(folder.path()), ContainsSubstring("config.json"));
}

TEST_CASE("a DC-AE opens from the folder of a public checkpoint", "[model][vae]") {
  const sana_test::TemporaryDirectory folder;
  nlohmann::json description = sana_test::tiny_dc_ae_json();
  description["_class_name"] = "AutoencoderDC";
  folder.file("config.json", description.dump());
  model::DcAe vae = sana_test::random_dc_ae(sana_test::tiny_dc_ae_json());
  TensorMap weights = model::state_dict(*vae);
  const auto file = folder / "diffusion_pytorch_model.safetensors";
  save_safetensors(file, weights);
  const auto opened = checkpoints::find_vae(folder.path());
  CHECK(opened.load(at::kCPU, at::kFloat)->identity() == model::vae_identity(vae));
  weights.erase("encoder.conv_in.bias");
  save_safetensors(file, weights);
  CHECK_THROWS_WITH(opened.load(at::kCPU, at::kFloat), ContainsSubstring("encoder.conv_in.bias"));
  folder.file("config.json", "{");
  CHECK_THROWS_WITH(checkpoints::find_vae(folder.path()), ContainsSubstring("config.json"));
}

}  // namespace
