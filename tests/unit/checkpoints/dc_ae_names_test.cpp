// Names, shapes and totals of the public DC-AE checkpoint, against its table.
#include "checkpoints/public/dc_ae_names.h"

#include <ATen/ATen.h>

#include <map>
#include <set>

#include "core/error.h"
#include "core/shape.h"
#include "model/state_dict.h"
#include "model/vae/dc_ae.h"
#include "support/catch.h"
#include "support/dc_ae_models.h"
#include "support/errors.h"
#include "support/key_table.h"

namespace {

using sana_test::parse_shape;
using sana_test::read_key_table;
using sana_test::stand_in;

constexpr const char* kImageKeys = "dcae_f32c32_sana.tsv";

// The original checkpoint of the table. A joined weight stands in three rows, "name[rows 0:512]
// (source 1536,512,1,1)"; the output projections were 1x1 convolutions.
sana::TensorMap original_dc_ae_tensors() {
  sana::TensorMap tensors;
  for (const auto& row : read_key_table(kImageKeys)) {
    const std::string name = row[1].substr(0, row[1].find('['));
    std::vector<int64_t> shape = parse_shape(row[2]);
    if (const size_t source = row[1].find("(source "); source != std::string::npos) {
      shape = parse_shape(row[1].substr(source));
    } else if (name.find("main.proj.conv.weight") != std::string::npos) {
      shape.insert(shape.end(), {1, 1});
    }
    tensors.emplace(name, stand_in(shape));
  }
  return tensors;
}

}  // namespace

TEST_CASE("the public DC-AE has the names, shapes and total of its checkpoint", "[model][vae]") {
  const sana::model::DcAe vae(sana_test::public_dc_ae_config());
  const sana::TensorMap own = sana::model::state_dict(*vae);
  const auto table = read_key_table(kImageKeys);
  CHECK(table.size() == 375);
  CHECK(own.size() == table.size());
  for (const auto& row : table) {
    INFO(row[0]);
    REQUIRE(own.count(row[0]) == 1);
    CHECK(own.at(row[0]).sizes() == at::IntArrayRef(parse_shape(row[2])));
  }
  CHECK(sana::model::count_parameters(*vae) == 312250275);
}

TEST_CASE("an original DC-AE checkpoint gets the public names and shapes", "[model][vae]") {
  const sana::TensorMap original = original_dc_ae_tensors();
  CHECK(original.size() == 375 - 2 * 18);  // 18 attentions, each of three thirds in one tensor
  CHECK(sana::checkpoints::has_original_dc_ae_names(original));
  const sana::TensorMap translated = sana::checkpoints::dc_ae_from_original(original, "test");
  CHECK_FALSE(sana::checkpoints::has_original_dc_ae_names(translated));
  CHECK(translated.size() == 375);
  for (const auto& row : read_key_table(kImageKeys)) {
    INFO(row[0] << " from " << row[1]);
    REQUIRE(translated.count(row[0]) == 1);
    CHECK(translated.at(row[0]).sizes() == at::IntArrayRef(parse_shape(row[2])));
  }
}

TEST_CASE("the joined weight of an attention is cut into q, k and v in that order",
          "[model][vae]") {
  const at::Tensor joined = at::arange(3 * 2 * 2).view({6, 2, 1, 1});
  const std::string layer = "decoder.stages.4.op_list.2.context_module.main.";
  const auto translated =
      sana::checkpoints::dc_ae_from_original({{layer + "qkv.conv.weight", joined}}, "test");
  const std::string attention = "decoder.up_blocks.4.2.attn.";
  CHECK(at::equal(translated.at(attention + "to_q.weight"), at::arange(0, 4).view({2, 2})));
  CHECK(at::equal(translated.at(attention + "to_k.weight"), at::arange(4, 8).view({2, 2})));
  CHECK(at::equal(translated.at(attention + "to_v.weight"), at::arange(8, 12).view({2, 2})));
}

TEST_CASE("names that no DC-AE has are refused", "[model][vae]") {
  const auto refused = [](const std::string& name, const at::Tensor& tensor) {
    return sana_test::message_of<sana::UserError>([&] {
      sana::checkpoints::dc_ae_from_original({{name, tensor}}, "file.safetensors");
    });
  };
  for (const std::string& name :
       std::vector<std::string>{"encoder.stages.0.op_list.0.main.conv3.conv.weight", "weight",
                                "encoder.stages.x.op_list.0.main.conv.weight",
                                "stages.0.context_module.main.qkv.conv.weight",
                                "encoder.stages.0.op_list.0." + std::string(300000, 'x') + ".w"}) {
    const std::string message = refused(name, stand_in({3, 1, 1, 1}));
    CHECK(sana_test::contains(message, name));
    CHECK(sana_test::contains(message, "file.safetensors"));
  }
  const std::string joined = "encoder.stages.3.op_list.0.context_module.main.qkv.conv.weight";
  CHECK(sana_test::contains(refused(joined, stand_in({4, 2, 1, 1})), "[3C, C, 1, 1]"));
  CHECK(sana_test::contains(refused(joined, stand_in({3, 2, 3, 3})), "[3C, C, 1, 1]"));
  CHECK(sana_test::contains(refused(joined, stand_in({})), "[3C, C, 1, 1]"));
}
