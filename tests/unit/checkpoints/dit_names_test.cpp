// The tables of tests/data/keys list every tensor of the public checkpoints.
#include "checkpoints/public/dit_names.h"

#include <sstream>

#include "core/shape.h"
#include "model/sana_video.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/packed_file.h"
#include "support/tiny_dit.h"

namespace sana {
namespace {

using checkpoints::DitTensor;
using checkpoints::TransformerConfig;

struct PublicTensor {
  std::string name, original, shape;  // "[2240,2304]"
};

std::vector<PublicTensor> read_table(const std::string& file) {
  std::istringstream in(
      sana_test::read_packed(std::filesystem::path(SANA_TEST_DATA) / "keys" / (file + ".tsv")));
  std::vector<PublicTensor> rows;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream words(line);
    PublicTensor row;
    words >> row.name;
    std::getline(words >> std::ws, row.original, '\t');
    words >> row.shape;
    rows.push_back(row);
  }
  return rows;
}

std::string compact(const std::vector<int64_t>& shape) {
  std::string text = shape_string(shape);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

// Where the rows of part `i` lie, as the tables write it.
std::string origin_of(const DitTensor& row, size_t i) {
  if (row.parts.size() == 1) return row.original;
  const int64_t rows = row.part_shape()[0], begin = int64_t(i) * rows;
  const char* what = row.shape.size() > 1 ? "rows " : "";
  return fmt::format("{}[{}{}:{}]", row.original, what, begin, begin + rows);
}

TransformerConfig video(int64_t channels, int64_t patch) {
  model::SanaVideoConfig config;
  config.latent_channels = channels;
  config.patch_size = {1, patch, patch};
  return {config};
}

TransformerConfig image_1600m() { return {model::SanaImageConfig()}; }

struct PublicCheckpoint {
  std::string table;
  TransformerConfig config;
  int64_t parameters;
};

std::vector<PublicCheckpoint> public_checkpoints() {
  return {{"sana_video_480p_transformer", video(16, 2), 2056862144},
          {"sana_video_720p_dcaev_transformer", video(32, 1), 2056718752},
          {"sana_video_720p_ltx2_transformer", video(128, 1), 2057148928},
          {"sana_t2i_1600m_transformer", image_1600m(), 1604462752}};
}

}  // namespace

TEST_CASE("names, shapes and origins are those of the public checkpoints", "[names]") {
  for (const PublicCheckpoint& checkpoint : public_checkpoints()) {
    INFO(checkpoint.table);
    std::map<std::string, PublicTensor> expected;
    for (const PublicTensor& row : read_table(checkpoint.table)) expected[row.name] = row;
    REQUIRE(expected.size() >= 396);
    size_t count = 0;
    for (const DitTensor& row : checkpoints::dit_tensors(checkpoint.config)) {
      for (size_t i = 0; i < row.parts.size(); ++i, ++count) {
        INFO(row.parts[i]);
        REQUIRE(expected.count(row.parts[i]) == 1);
        CHECK(expected[row.parts[i]].original == origin_of(row, i));
        CHECK(expected[row.parts[i]].shape == compact(row.part_shape()));
      }
    }
    CHECK(count == expected.size());
    CHECK(checkpoints::public_dit_shapes(checkpoint.config).size() == expected.size());
    CHECK(checkpoints::count_dit_parameters(checkpoint.config) == checkpoint.parameters);
  }
}

TEST_CASE("the table of names is that of our module", "[names]") {
  const model::SanaVideoConfig ours =
      checkpoints::sana_video_config(sana_test::tiny_dit_config(), "dit_480_tiny");
  model::SanaVideo module(ours);
  CHECK(checkpoints::public_dit_shapes({ours}) == shapes_of(model::state_dict(*module)));
}

TEST_CASE("original names come in the order of the original implementation", "[names]") {
  model::SanaVideoConfig config;
  config.num_layers = 1;
  std::vector<std::string> names;
  for (const DitTensor& row : checkpoints::dit_tensors({config})) {
    names.push_back(row.original.substr(0, row.original.rfind('.')));
  }
  names.erase(std::unique(names.begin(), names.end()), names.end());
  CHECK(names == std::vector<std::string>{"x_embedder.proj",
                                          "t_embedder.mlp.0",
                                          "t_embedder.mlp.2",
                                          "t_block.1",
                                          "y_embedder.y_proj.fc1",
                                          "y_embedder.y_proj.fc2",
                                          "attention_y_norm",
                                          "blocks.0",
                                          "blocks.0.attn.qkv",
                                          "blocks.0.attn.q_norm",
                                          "blocks.0.attn.k_norm",
                                          "blocks.0.attn.proj",
                                          "blocks.0.cross_attn.q_linear",
                                          "blocks.0.cross_attn.kv_linear",
                                          "blocks.0.cross_attn.proj",
                                          "blocks.0.cross_attn.q_norm",
                                          "blocks.0.cross_attn.k_norm",
                                          "blocks.0.mlp.inverted_conv.conv",
                                          "blocks.0.mlp.depth_conv.conv",
                                          "blocks.0.mlp.point_conv.conv",
                                          "blocks.0.mlp.t_conv",
                                          "final_layer",
                                          "final_layer.linear"});
}

TEST_CASE("a guidance input and biases of the attention have names of their own", "[names]") {
  model::SanaImageConfig image;
  image.guidance_embeds = true;
  TransformerConfig config = {image};
  config.not_computed.attention_bias = true;
  const ShapeMap shapes = checkpoints::public_dit_shapes(config);
  CHECK(shapes.count("time_embed.timestep_embedder.linear_1.weight") == 1);
  CHECK(shapes.count("time_embed.guidance_embedder.linear_2.bias") == 1);
  CHECK(shapes.count("time_embed.emb.timestep_embedder.linear_1.weight") == 0);
  CHECK(shapes.at("transformer_blocks.0.attn1.to_v.bias") == std::vector<int64_t>{2240});
  CHECK(checkpoints::original_dit_shapes(config).count("cfg_embedder.mlp.2.bias") == 1);
}

TEST_CASE("leftovers of training are known by name", "[names]") {
  for (const char* name :
       {"pos_embed", "y_embedder.y_embedding", "logvar_linear.weight", "logvar_linear.bias"}) {
    CHECK(checkpoints::is_dit_leftover(name));
  }
  CHECK_FALSE(checkpoints::is_dit_leftover("y_embedder.y_proj.fc1.weight"));
}

}  // namespace sana
