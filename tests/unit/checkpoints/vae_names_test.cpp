// Original names of public VAEs, and our models of their configurations, against the tables of what
// the public files hold (tests/data/keys: our name, original name, shape).
#include <ATen/ATen.h>

#include <fstream>
#include <sstream>

#include "checkpoints/public/ltx2_vae_names.h"
#include "checkpoints/public/ltx2_vae_public.h"
#include "checkpoints/public/wan_vae_names.h"
#include "checkpoints/public/wan_vae_public.h"
#include "core/error.h"
#include "core/shape.h"
#include "model/state_dict.h"
#include "model/vae/ltx2_vae.h"
#include "support/catch.h"

namespace {

using sana::TensorMap;
using sana_test::ContainsSubstring;

struct KeyTableRow {
  std::string ours, original, shape;
};

std::vector<KeyTableRow> read_table(const std::string& name) {
  std::ifstream in(std::string(SANA_TEST_DATA) + "/keys/" + name);
  std::vector<KeyTableRow> rows;
  std::string line;
  std::getline(in, line);  // header
  while (std::getline(in, line)) {
    std::istringstream cells(line);
    KeyTableRow& row = rows.emplace_back();
    std::getline(cells, row.ours, '\t');
    std::getline(cells, row.original, '\t');
    std::getline(cells, row.shape, '\t');
  }
  return rows;
}

// "[96, 3, 3]" as the tables write it.
std::string compact(at::IntArrayRef shape) {
  std::string text = sana::shape_string(shape);
  std::erase(text, ' ');
  return text;
}

void check_model(const torch::nn::Module& model, const std::vector<KeyTableRow>& table) {
  const TensorMap own = sana::model::state_dict(model);
  CHECK(own.size() == table.size());
  for (const KeyTableRow& row : table) {
    INFO(row.ours);
    const auto found = own.find(row.ours);
    REQUIRE(found != own.end());
    CHECK(compact(found->second.sizes()) == row.shape);
  }
}

}  // namespace

TEST_CASE("our LTX-2 VAE has the names and shapes of the public file", "[model][ltx2]") {
  const auto table = read_table("ltx2_vae.tsv");
  REQUIRE(table.size() == 184);
  const sana::model::Ltx2Vae vae(sana::checkpoints::ltx2_vae_public_config(),
                                 at::TensorOptions(at::kMeta));
  check_model(*vae, table);
}

TEST_CASE("our Wan 2.1 VAE has the names and shapes of the public file", "[model][vae]") {
  const auto table = read_table("wan_vae.tsv");
  REQUIRE(table.size() == 194);
  const sana::model::WanVae vae(sana::checkpoints::wan21_vae_public_config());
  check_model(*vae, table);
  CHECK(sana::model::count_parameters(*vae) == 126892531);
  CHECK(vae->config().latents_mean.size() == 16);
  CHECK(vae->config().latents_std.size() == 16);
}

TEST_CASE("every original name of the Wan VAE becomes ours", "[model][vae]") {
  TensorMap original;
  for (const KeyTableRow& row : read_table("wan_vae.tsv")) {
    INFO(row.original);
    CHECK(sana::checkpoints::wan_vae_name_from_original(row.original) == row.ours);
    original[row.original] = at::zeros({1});
  }
  CHECK(sana::checkpoints::is_original_wan_vae(original));
  const TensorMap ours = sana::checkpoints::wan_vae_from_original(original, "Wan2.1_VAE.pth");
  CHECK(ours.size() == original.size());
  CHECK_FALSE(sana::checkpoints::is_original_wan_vae(ours));
}

TEST_CASE("every original name of the LTX-2 VAE becomes ours", "[model][ltx2]") {
  TensorMap combined = {
      {"model.diffusion_model.proj_in.weight", at::zeros({1})},
      {"audio_vae.encoder.conv_in.weight", at::zeros({1})},
      {"vae.per_channel_statistics.channel", at::zeros({1})},
      {"vae.per_channel_statistics.mean-of-stds", at::zeros({1})},
      {"vae.per_channel_statistics.mean-of-stds_over_std-of-means", at::zeros({1})}};
  TensorMap alone;
  const auto table = read_table("ltx2_vae.tsv");
  for (const KeyTableRow& row : table) {
    INFO(row.original);
    CHECK(sana::checkpoints::ltx2_vae_name_from_original(row.original) == row.ours);
    combined["vae." + row.original] = alone[row.original] = at::zeros({1});
  }
  for (const TensorMap& original : {combined, alone}) {
    CHECK(sana::checkpoints::is_original_ltx2_vae(original));
    const TensorMap ours = sana::checkpoints::ltx2_vae_from_original(original, "ltx-2.safetensors");
    CHECK(ours.size() == table.size());
    CHECK_FALSE(sana::checkpoints::is_original_ltx2_vae(ours));
  }
}

TEST_CASE("names that an original VAE does not have are listed", "[model][vae][ltx2]") {
  const TensorMap odd = {{"encoder.downsamples.x.residual.2.bias", at::zeros({1})},
                         {"encoder.downsamples.0.residual.1.bias", at::zeros({1})},
                         {"decoder.upsamples.99999.residual.2.bias", at::zeros({1})},
                         {"decoder.head.1.bias", at::zeros({1})},
                         {"conv3.bias", at::zeros({1})}};
  CHECK_THROWS_WITH(sana::checkpoints::wan_vae_from_original(odd, "odd.pth"),
                    ContainsSubstring("odd.pth: 5 tensors") && ContainsSubstring("conv3.bias"));
  const TensorMap noise = {
      {"vae.encoder.down_blocks.1.res_blocks.0.conv1.conv.bias", at::zeros({1})},
      {"vae.decoder.timestep_scale_multiplier", at::zeros({1})}};
  CHECK_THROWS_WITH(sana::checkpoints::ltx2_vae_from_original(noise, "ltx.safetensors"),
                    ContainsSubstring("2 tensors") && ContainsSubstring("timestep_scale"));
}
