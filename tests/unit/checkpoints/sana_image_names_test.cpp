// Names and shapes of the tensors in the public text-to-image checkpoint, as its table lists them.
#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "core/shape.h"
#include "model/sana_image.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/packed_file.h"

namespace {

// Shape by name, shapes written as in the table: "[2240,256]".
using ImageShapes = std::map<std::string, std::string>;

std::string shape_without_spaces(at::IntArrayRef shape) {
  std::string text = sana::shape_string(shape);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

ImageShapes public_image_shapes() {
  std::istringstream file(
      sana_test::read_packed(SANA_TEST_DATA "/keys/sana_t2i_1600m_transformer.tsv"));
  ImageShapes shapes;
  std::string line;
  std::getline(file, line);  // heading: our name, name in the original file, shape
  while (std::getline(file, line)) {
    const size_t first = line.find('\t'), last = line.rfind('\t');
    REQUIRE(first < last);
    REQUIRE(shapes.emplace(line.substr(0, first), line.substr(last + 1)).second);
  }
  return shapes;
}

// Of a model with `num_layers` blocks, from one with a single block: twenty would take 6 GiB.
ImageShapes shapes_with_layers(const sana::model::SanaImage& one_layer, int64_t num_layers) {
  const std::string first = "transformer_blocks.0.";
  ImageShapes shapes;
  for (const auto& [name, tensor] : sana::model::state_dict(*one_layer)) {
    const bool in_block = name.rfind(first, 0) == 0;
    for (int64_t i = 0; i < (in_block ? num_layers : 1); ++i) {
      const std::string own =
          in_block ? fmt::format("transformer_blocks.{}.{}", i, name.substr(first.size())) : name;
      shapes[own] = shape_without_spaces(tensor.sizes());
    }
  }
  return shapes;
}

}  // namespace

TEST_CASE("the image model has the tensors of the public 1.6B checkpoint", "[model]") {
  sana::model::SanaImageConfig config;
  const int64_t num_layers = config.num_layers;
  config.num_layers = 1;
  const sana::model::SanaImage one_layer(config);
  const ImageShapes ours = shapes_with_layers(one_layer, num_layers);
  const ImageShapes table = public_image_shapes();
  CHECK(table.size() == 396);
  CHECK(ours.size() == table.size());
  for (const auto& [name, shape] : table) {
    INFO(name);
    REQUIRE(ours.count(name) == 1);
    CHECK(ours.at(name) == shape);
  }
}

TEST_CASE("the public 1.6B image model has the published number of parameters", "[model]") {
  int64_t total = 0;
  for (const auto& [name, shape] : public_image_shapes()) {
    int64_t numel = 1, size = 0;
    char separator = 0;  // '[' or ','
    std::istringstream sizes(shape);
    while (sizes >> separator >> size) numel *= size;
    total += numel;
  }
  CHECK(total == 1604462752);
}
