#include "checkpoints/convert/convert.h"

#include <ATen/ATen.h>

#include <fstream>

#include "checkpoints/checkpoint.h"
#include "checkpoints/convert/shards.h"
#include "checkpoints/model_file.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "support/tiny_dit.h"

namespace sana {
namespace {

namespace fs = std::filesystem;
using checkpoints::CheckpointFormat;
using checkpoints::convert_checkpoint;
using checkpoints::ConvertOptions;
using sana_test::contains;
using sana_test::file_bytes;
using sana_test::message_of;
using sana_test::same_bits;
using sana_test::TemporaryDirectory;
using sana_test::tiny_dit_tensors;
using sana_test::to_map;

constexpr const char* kWeights = "transformer/diffusion_pytorch_model.safetensors";

ConvertOptions convert(const fs::path& source, const fs::path& target, CheckpointFormat format) {
  ConvertOptions options;
  options.source = source;
  options.target = target;
  options.format = format;
  return options;
}

// A diffusers pipeline around the tiny model.
void save_pipeline(const fs::path& folder) {
  for (const char* part : {"transformer", "vae", "tokenizer"})
    fs::create_directories(folder / part);
  std::ofstream(folder / "model_index.json") << R"({"_class_name": "SanaVideoPipeline"})";
  std::ofstream(folder / "transformer/config.json") << sana_test::tiny_dit_json().dump();
  std::ofstream(folder / "vae/config.json") << R"({"_class_name": "AutoencoderKLWan"})";
  std::ofstream(folder / "tokenizer/tokenizer.json") << "{}";
  save_tensor_list(folder / kWeights, tiny_dit_tensors(), {{"format", "pt"}});
}

const TorchValue::Dict& dict_in(const TorchValue& value) {
  return std::get<TorchValue::Dict>(value.value);
}

// Names and bits of two dictionaries, apart from the leftovers of the first.
bool same_tensors(const TorchValue::Dict& with_leftovers, const TorchValue::Dict& dict) {
  auto other = dict.begin();
  for (const auto& [name, value] : with_leftovers) {
    if (sana_test::is_leftover(name)) continue;
    if (other == dict.end() || other->first != name) return false;
    if (!same_bits(std::get<at::Tensor>(value.value), std::get<at::Tensor>(other->second.value))) {
      return false;
    }
    ++other;
  }
  return other == dict.end();
}

}  // namespace

TEST_CASE("original -> diffusers -> original keeps bits, names and order", "[convert]") {
  const TemporaryDirectory folder;
  save_torch_file(folder / "a.pth", sana_test::original_checkpoint());
  const auto report =
      convert_checkpoint(convert(folder / "a.pth", folder / "d", CheckpointFormat::kDiffusers));
  CHECK(report.source.left_out.size() == 2);
  CHECK(same_bits(to_map(list_safetensors(folder / "d" / kWeights)), to_map(tiny_dit_tensors())));
  CHECK(fs::exists(folder / "d/scheduler/scheduler_config.json"));

  convert_checkpoint(convert(folder / "d", folder / "b.pth", CheckpointFormat::kOriginal));
  const TorchValue back = load_torch_file(folder / "b.pth");
  REQUIRE(dict_in(back).size() == 1);
  CHECK(dict_in(back)[0].first == "state_dict");
  CHECK(same_tensors(sana_test::original_dit(), dict_in(dict_in(back)[0].second)));
}

TEST_CASE("a generator of the long-video training keeps wrapper and prefix", "[convert]") {
  const TemporaryDirectory folder;
  TorchValue::Dict root;
  root.emplace_back("generator", TorchValue{sana_test::original_dit("model.")});
  save_torch_file(folder / "a.pt", {std::move(root)});
  ConvertOptions options = convert(folder / "a.pt", folder / "n", CheckpointFormat::kNative);
  convert_checkpoint(options);
  options = convert(folder / "n", folder / "b.pt", CheckpointFormat::kOriginal);
  options.wrapper = "generator";
  convert_checkpoint(options);
  const TorchValue back = load_torch_file(folder / "b.pt");
  CHECK(dict_in(back)[0].first == "generator");
  CHECK(same_tensors(sana_test::original_dit("model."), dict_in(dict_in(back)[0].second)));
}

TEST_CASE("diffusers -> native -> diffusers gives the same files", "[convert]") {
  const TemporaryDirectory folder;
  save_pipeline(folder / "p");
  convert_checkpoint(convert(folder / "p", folder / "n", CheckpointFormat::kNative));
  CHECK(checkpoints::read_model_file(folder / "n").num_heads == 4);
  convert_checkpoint(convert(folder / "n", folder / "d", CheckpointFormat::kDiffusers));
  CHECK(file_bytes(folder / "d" / kWeights) == file_bytes(folder / "p" / kWeights));
  CHECK_FALSE(fs::exists(folder / "d/transformer/original_names.json"));
  const auto config = read_json_file(folder / "d/transformer/config.json");
  const auto expected = sana_test::tiny_dit_json();
  for (const auto& [key, value] : expected.items()) {
    INFO(key);
    if (key != "_diffusers_version") CHECK(config.at(key) == value);
  }
}

TEST_CASE("a text-to-image model goes through every layout and stays the same", "[convert]") {
  const TemporaryDirectory folder;
  const SafetensorsFile fixture(fs::path(SANA_TEST_DATA) / "sana_image_normed.safetensors");
  auto config = nlohmann::json::parse(fixture.metadata().at("config"));
  config["_class_name"] = "SanaTransformer2DModel";
  TensorMap weights;
  for (const auto& [name, tensor] : fixture.tensors()) {
    if (name.rfind("w.", 0) == 0) weights[name.substr(2)] = tensor;
  }
  fs::create_directories(folder / "p/transformer");
  write_file_atomically(folder / "p/transformer/config.json", config.dump());
  save_safetensors(folder / "p" / kWeights, weights, {{"format", "pt"}});

  convert_checkpoint(convert(folder / "p", folder / "n", CheckpointFormat::kNative));
  CHECK(checkpoints::has_image_model_file(folder / "n"));
  ConvertOptions to_original = convert(folder / "n", folder / "o.pth", CheckpointFormat::kOriginal);
  convert_checkpoint(to_original);
  ConvertOptions back = convert(folder / "o.pth", folder / "d", CheckpointFormat::kDiffusers);
  back.transformer.config = folder / "p/transformer/config.json";
  convert_checkpoint(back);
  CHECK(file_bytes(folder / "d" / kWeights) == file_bytes(folder / "p" / kWeights));
  convert_checkpoint(convert(folder / "n", folder / "e", CheckpointFormat::kDiffusers));
  const auto written = read_json_file(folder / "e/transformer/config.json");
  for (const auto& [key, value] : config.items()) {
    INFO(key);
    CHECK(written.at(key) == value);
  }
}

TEST_CASE("the other parts of a pipeline come along, links of a download cache followed",
          "[convert]") {
  const TemporaryDirectory folder;
  const fs::path pipeline = folder / "models--p/snapshots/rev";
  save_pipeline(pipeline);
  fs::create_directories(folder / "models--p/blobs");
  folder.file("models--p/blobs/0123abcd", "tokens");
  fs::create_symlink("../../../blobs/0123abcd", pipeline / "tokenizer/linked.json");
  fs::create_symlink("linked.json", pipeline / "tokenizer/again.json");
  fs::create_directories(pipeline / ".cache");
  ConvertOptions options = convert(pipeline / "", folder / "d/", CheckpointFormat::kDiffusers);
  options.dtype = at::kBFloat16;
  const auto report = convert_checkpoint(options);
  CHECK(report.notes.empty());
  CHECK(file_bytes(folder / "d/model_index.json") == file_bytes(pipeline / "model_index.json"));
  CHECK(file_bytes(folder / "d/vae/config.json") == file_bytes(pipeline / "vae/config.json"));
  CHECK(file_bytes(folder / "d/tokenizer/again.json") == "tokens");
  CHECK_FALSE(fs::is_symlink(folder / "d/tokenizer/linked.json"));
  CHECK_FALSE(fs::exists(folder / "d/.cache"));
  for (const LazyTensor& tensor : list_safetensors(folder / "d" / kWeights)) {
    CHECK(tensor.dtype == at::kBFloat16);
  }
  // Copies: what becomes of the source is nothing to them.
  folder.file("models--p/blobs/0123abcd", "others");
  const std::string vae_config = file_bytes(folder / "d/vae/config.json");
  folder.file("models--p/snapshots/rev/vae/config.json", "{}");
  CHECK(file_bytes(folder / "d/tokenizer/linked.json") == "tokens");
  CHECK(file_bytes(folder / "d/vae/config.json") == vae_config);
}

TEST_CASE("what lies behind a link out of a pipeline is not given away", "[convert]") {
  const TemporaryDirectory folder;
  save_pipeline(folder / "p");
  fs::create_directories(folder / "home");
  folder.file("home/key", "secret");
  const auto message = [&] {
    return message_of<UserError>([&] {
      convert_checkpoint(convert(folder / "p", folder / "d", CheckpointFormat::kDiffusers));
    });
  };
  SECTION("a file") { fs::create_symlink(folder / "home/key", folder / "p/vae/key"); }
  SECTION("a folder") { fs::create_directory_symlink("../../home", folder / "p/vae/home"); }
  SECTION("the weights") {
    fs::rename(folder / "p" / kWeights, folder / "home/key");
    fs::create_symlink(folder / "home/key", folder / "p" / kWeights);
  }
  CHECK(contains(message(), "is a link out of"));
  CHECK_FALSE(fs::exists(folder / "d"));
}

TEST_CASE("links of a pipeline that lead in a circle or nowhere are refused", "[convert]") {
  const TemporaryDirectory folder;
  save_pipeline(folder / "p");
  fs::create_directory_symlink(folder / "p", folder / "p/vae/loop");
  CHECK(contains(message_of<UserError>([&] {
                   convert_checkpoint(
                       convert(folder / "p", folder / "d", CheckpointFormat::kDiffusers));
                 }),
                 "nested too deeply"));
  CHECK_FALSE(fs::exists(folder / "d"));
  fs::remove(folder / "p/vae/loop");
  fs::create_symlink(folder / "absent", folder / "p/vae/dangling");
  CHECK(contains(message_of<UserError>([&] {
                   convert_checkpoint(
                       convert(folder / "p", folder / "d", CheckpointFormat::kDiffusers));
                 }),
                 "is a link to nothing"));
}

TEST_CASE("a checkpoint above the limit is cut in the order of the module", "[convert]") {
  const TemporaryDirectory folder;
  save_pipeline(folder / "p");
  ConvertOptions options = convert(folder / "p", folder / "d", CheckpointFormat::kDiffusers);
  options.max_shard_bytes = 1'000'000;
  convert_checkpoint(options);
  const fs::path index = folder / "d/transformer/diffusion_pytorch_model.safetensors.index.json";
  const auto json = read_json_file(index);
  const auto& map = json.at("weight_map");
  CHECK(map.at("scale_shift_table") == "diffusion_pytorch_model-00001-of-00004.safetensors");
  CHECK(map.at("proj_out.bias") == "diffusion_pytorch_model-00004-of-00004.safetensors");
  int64_t bytes = 0;
  for (const LazyTensor& tensor : tiny_dit_tensors()) bytes += tensor.num_bytes();
  CHECK(json.at("metadata").at("total_size") == bytes);
  for (const auto& entry : fs::directory_iterator(folder / "d/transformer")) {
    if (entry.path().extension() == ".safetensors") CHECK(entry.file_size() < 1'010'000);
  }
  CHECK(same_bits(to_map(list_safetensors(index)), to_map(tiny_dit_tensors())));
  options = convert(folder / "d", folder / "e", CheckpointFormat::kDiffusers);
  convert_checkpoint(options);
  CHECK(file_bytes(folder / "e" / kWeights) == file_bytes(folder / "p" / kWeights));
}

TEST_CASE("a target that exists is only replaced when asked, and when it is a checkpoint",
          "[convert]") {
  const TemporaryDirectory folder;
  save_pipeline(folder / "p");
  fs::create_directories(folder / "photos");
  folder.file("photos/a.jpg", "precious");
  ConvertOptions options = convert(folder / "p", folder / "photos", CheckpointFormat::kNative);
  const auto message = [&] { return message_of<UserError>([&] { convert_checkpoint(options); }); };
  CHECK(contains(message(), "exists already; choose another name, or give --overwrite"));
  options.overwrite = true;
  CHECK(contains(message(), "is not what this command writes"));
  CHECK(file_bytes(folder / "photos/a.jpg") == "precious");
  options.target = folder / "p/inside";
  CHECK(contains(message(), "overlap"));
  options.target = folder / "n";
  convert_checkpoint(options);
  folder.file("n/model.safetensors", "damaged");
  convert_checkpoint(options);
  CHECK(file_bytes(folder / "n/model.safetensors") == file_bytes(folder / "p" / kWeights));
}

TEST_CASE("names that no format has, and models that ours is not, are refused", "[convert]") {
  const TemporaryDirectory folder;
  save_pipeline(folder / "p");
  const auto message = [&](const ConvertOptions& options) {
    return message_of<UserError>([&] { convert_checkpoint(options); });
  };
  CHECK(contains(message(convert(folder / "p", folder / "x", CheckpointFormat::kOriginal)),
                 "end its name in .pth or .safetensors"));
  convert_checkpoint(convert(folder / "p", folder / "n", CheckpointFormat::kNative));
  CHECK(contains(message(convert(folder / "n", folder / "m", CheckpointFormat::kNative)),
                 "is a checkpoint of this program already"));
  CHECK(contains(message_of<UserError>([] { checkpoints::parse_checkpoint_format("onnx"); }),
                 "expected diffusers, original or native"));
}

TEST_CASE("sizes in bytes have units", "[convert]") {
  CHECK(checkpoints::parse_byte_size("5GB") == 5'000'000'000);
  CHECK(checkpoints::parse_byte_size("800kib") == 800 * 1024);
  CHECK(checkpoints::parse_byte_size("12") == 12);
  for (const char* text : {"", "GB", "0", "-1GB", "5 GB", "5XB", "99999999999"}) {
    INFO(text);
    CHECK_THROWS_AS(checkpoints::parse_byte_size(text), UserError);
  }
}

}  // namespace sana
