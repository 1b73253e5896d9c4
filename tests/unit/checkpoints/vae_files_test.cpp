// VAEs in the folders that this program and the public ones write.
#include <ATen/ATen.h>

#include <fstream>

#include "checkpoints/manifest.h"
#include "checkpoints/vae_source.h"
#include "checkpoints/wan_vae_file.h"
#include "core/config/json.h"
#include "core/error.h"
#include "core/torch_file/torch_file.h"
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

// Public names, as AutoencoderKLWan has them.
json wan_json(const model::WanVaeConfig& config) {
  return {{"_class_name", "AutoencoderKLWan"},
          {"base_dim", config.base_dim},
          {"z_dim", config.latent_channels},
          {"dim_mult", config.dim_mult},
          {"num_res_blocks", config.num_res_blocks},
          {"temperal_downsample", config.temporal_downsample},
          {"latents_mean", std::vector<double>(size_t(config.latent_channels), 0.0)},
          {"latents_std", std::vector<double>(size_t(config.latent_channels), 1.0)}};
}

TEST_CASE("a VAE is found wherever a path can name it", "[model][vae]") {
  const sana_test::TemporaryDirectory folder;
  model::WanVae vae = sana_test::random_wan_vae();
  vae->set_latent_statistics({0, 0, 0}, {1, 1, 1});
  const std::string identity = model::vae_identity(vae);
  const fs::path step = folder / "run/step-00000003", pipeline = folder / "pipeline";
  fs::create_directories(step);
  checkpoints::save_wan_vae(step, vae, at::kFloat);
  checkpoints::write_manifest(step, {3, "vae"});
  fs::create_directory_symlink("run/step-00000003", folder / "latest");
  fs::create_directories(pipeline / "vae");
  folder.file("pipeline/model_index.json", "{}");
  folder.file("pipeline/vae/config.json", wan_json(vae->config()).dump());
  const fs::path weights = pipeline / "vae/diffusion_pytorch_model.safetensors";
  save_safetensors(weights, model::state_dict(*vae));
  for (const fs::path& path : {step, folder / "run", folder / "latest", step / "vae.safetensors",
                               pipeline, pipeline / "vae", weights}) {
    INFO(path);
    const auto found = checkpoints::find_vae(path);
    CHECK(found.load(at::kCPU, at::kFloat)->identity() == identity);
    // A copy opens again.
    const fs::path copy = folder / "copy";
    fs::remove_all(copy);
    checkpoints::copy_vae(found, copy);
    CHECK(checkpoints::find_vae(copy).load(at::kCPU, at::kFloat)->identity() == identity);
    for (const auto& entry : fs::directory_iterator(copy)) {
      CHECK(fs::hard_link_count(entry.path()) == 1);
    }
  }
}

TEST_CASE("a damaged VAE of a checkpoint is refused before it is used", "[model][vae]") {
  const sana_test::TemporaryDirectory folder;
  checkpoints::save_wan_vae(folder.path(), sana_test::random_wan_vae(), at::kFloat);
  checkpoints::write_manifest(folder.path(), {3, "vae"});
  sana_test::change_byte(folder / "vae.safetensors", 3);
  CHECK_THROWS_WITH(checkpoints::find_vae(folder.path()).load(at::kCPU, at::kFloat),
                    ContainsSubstring("vae.safetensors has another content"));
  CHECK_NOTHROW(
      checkpoints::find_vae(folder.path(), {.verifies = false}).load(at::kCPU, at::kFloat));
}

TEST_CASE("names of wrappers are taken off the tensors of a VAE", "[model][vae]") {
  const sana_test::TemporaryDirectory folder;
  model::WanVae vae = sana_test::random_wan_vae();
  vae->set_latent_statistics({0, 0, 0}, {1, 1, 1});
  checkpoints::save_wan_vae(folder.path(), vae, at::kFloat);
  TensorMap wrapped;
  TorchValue::Dict dict;
  for (const auto& [name, tensor] : model::state_dict(*vae)) {
    const std::string longer = "module._orig_mod." + name;
    wrapped[longer] = tensor;
    dict.emplace_back(longer, TorchValue{tensor.detach()});
  }
  save_safetensors(folder / "vae.safetensors", wrapped);
  CHECK(model::vae_identity(checkpoints::load_wan_vae(folder.path())) == model::vae_identity(vae));
  fs::create_directories(folder / "public");
  folder.file("public/config.json", wan_json(vae->config()).dump());
  save_torch_file(folder / "public/diffusion_pytorch_model.bin", {dict});
  CHECK(checkpoints::find_vae(folder / "public").load(at::kCPU, at::kFloat)->identity() ==
        model::vae_identity(vae));
}

TEST_CASE("sizes that no VAE has are refused before anything is made of them", "[model][vae]") {
  const sana_test::TemporaryDirectory folder;
  json description = wan_json(sana_test::tiny_wan_config());
  for (const auto& [key, value] : {std::pair<std::string, json>{"num_res_blocks", 1048576},
                                   {"base_dim", 1 << 20},
                                   {"dim_mult", json(std::vector<int>(64, 1))}}) {
    json wrong = description;
    wrong[key] = value;
    folder.file("config.json", wrong.dump());
    CHECK_THROWS_WITH(checkpoints::find_vae(folder.path()), ContainsSubstring(key));
  }
  folder.file("vae.json", R"({"model": "wan_vae", "config": {"num_res_blocks": 1048576}})");
  CHECK_THROWS_WITH(checkpoints::find_vae(folder.path()), ContainsSubstring("between 1 and 100"));
}

}  // namespace
