#include "checkpoints/checkpoint_layout.h"

#include <ATen/ATen.h>

#include <fstream>
#include <utility>

#include "checkpoints/transformer_source.h"
#include "checkpoints/weight_source.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "support/tiny_dit.h"

namespace sana {
namespace {

namespace fs = std::filesystem;
using checkpoints::Layout;
using checkpoints::recognize_checkpoint;
using sana_test::contains;
using sana_test::message_of;
using sana_test::same_bits;
using sana_test::TemporaryDirectory;
using sana_test::tiny_dit_json;
using sana_test::tiny_dit_tensors;
using sana_test::to_map;

void save_component(const fs::path& folder, const std::string& file) {
  fs::create_directories(folder);
  std::ofstream(folder / "config.json") << tiny_dit_json().dump();
  save_tensor_list(folder / file, tiny_dit_tensors(), {{"format", "pt"}});
}

}  // namespace

TEST_CASE("every layout is recognised by what is in it", "[layout]") {
  const TemporaryDirectory folder;
  save_component(folder / "pipeline/transformer", "diffusion_pytorch_model.safetensors");
  folder.file("pipeline/model_index.json", R"({"_class_name": "SanaVideoPipeline"})");
  fs::create_directories(folder / "repository/checkpoints");
  save_torch_file(folder / "repository/checkpoints/a.pth", sana_test::original_checkpoint());
  fs::create_directories(folder / "native");
  folder.file("native/model.json", "{}");

  const auto pipeline = recognize_checkpoint(folder / "pipeline");
  CHECK(pipeline.layout == Layout::kPipeline);
  CHECK(pipeline.description() == "diffusers pipeline (SanaVideoPipeline)");
  CHECK(pipeline.weights.filename() == "diffusion_pytorch_model.safetensors");
  const auto component = recognize_checkpoint(folder / "pipeline/transformer");
  CHECK(component.layout == Layout::kComponent);
  CHECK(component.class_name == "SanaVideoTransformer3DModel");
  const auto file = recognize_checkpoint(pipeline.weights);
  CHECK(file.layout == Layout::kWeights);
  CHECK(file.config == component.config);
  const auto repository = recognize_checkpoint(folder / "repository");
  CHECK(repository.layout == Layout::kOriginalRepository);
  CHECK(repository.weights == folder / "repository/checkpoints/a.pth");
  CHECK(recognize_checkpoint(repository.weights).description() == "file of torch.save");
  CHECK(recognize_checkpoint(folder / "native").layout == Layout::kNative);
  CHECK(recognize_checkpoint(folder / "repository/checkpoints").layout == Layout::kWeights);
}

TEST_CASE("a path that is no checkpoint is refused with what was expected", "[layout]") {
  const TemporaryDirectory folder;
  folder.file("notes.txt", "no weights");
  CHECK(contains(message_of<UserError>([&] { recognize_checkpoint(folder.path()); }),
                 "is no checkpoint: it holds no model_index.json"));
  CHECK(contains(message_of<UserError>([&] { recognize_checkpoint(folder / "notes.txt"); }),
                 "is neither a folder"));
  CHECK(contains(message_of<UserError>([&] { recognize_checkpoint(folder / "absent"); }),
                 "does not exist"));
}

TEST_CASE("of the variants of a file the full one is read, then bf16, then fp16", "[layout]") {
  const TemporaryDirectory folder;
  const auto touch = [&](const std::string& name) { folder.file(name, ""); };
  touch("model.fp16.safetensors");
  CHECK(checkpoints::weights_in(folder.path())->filename() == "model.fp16.safetensors");
  touch("model.bf16.safetensors");
  CHECK(checkpoints::weights_in(folder.path())->filename() == "model.bf16.safetensors");
  touch("model.safetensors");
  CHECK(checkpoints::weights_in(folder.path())->filename() == "model.safetensors");
  touch("model.safetensors.index.fp16.json");
  touch("model-00001-of-00002.fp16.safetensors");
  CHECK(checkpoints::weights_in(folder.path())->filename() == "model.safetensors.index.fp16.json");
  touch("other.safetensors.index.json");
  CHECK(contains(message_of<UserError>([&] { checkpoints::weights_in(folder.path()); }),
                 "several weight files; name one of them"));
}

TEST_CASE("the transformer of every layout is the same", "[layout]") {
  const TemporaryDirectory folder;
  const TensorMap expected = to_map(tiny_dit_tensors());
  save_component(folder / "transformer", "diffusion_pytorch_model.fp16.safetensors");
  save_torch_file(folder / "a.pth", sana_test::original_checkpoint());
  TorchValue::Dict generator;
  generator.emplace_back("generator", TorchValue{sana_test::original_dit("model.")});
  save_torch_file(folder / "b.pt", {std::move(generator)});
  TensorList originals =
      checkpoints::dit_to_original(tiny_dit_tensors(), sana_test::tiny_dit_config(), "it");
  save_tensor_list(folder / "c.safetensors", originals);
  const fs::path config = folder / "transformer/config.json";
  for (const fs::path& path : {folder.path(), folder / "transformer", folder / "a.pth",
                               folder / "b.pt", folder / "c.safetensors"}) {
    INFO(path);
    const auto source = checkpoints::open_transformer(path, {.config = config});
    CHECK(same_bits(to_map(source.tensors), expected));
    CHECK(source.config.num_heads() == 4);
    CHECK(source.is_distilled() == (path.extension() == ".pt"));
  }
  const auto original = checkpoints::open_transformer(folder / "a.pth");
  CHECK(original.file.step == 1234);
  CHECK(original.left_out == std::vector<std::string>{"y_embedder.y_embedding", "pos_embed"});
  REQUIRE(original.notes.size() == 1);
  CHECK(contains(original.notes[0], "1 heads of 112 are assumed"));
}

TEST_CASE("a part of a pipeline finds the others beside it", "[layout]") {
  const TemporaryDirectory folder;
  save_component(folder / "p/transformer", "diffusion_pytorch_model.safetensors");
  fs::create_directories(folder / "p/vae");
  const fs::path root = folder / "p";
  CHECK(recognize_checkpoint(root).home == root);
  CHECK(recognize_checkpoint(root / "transformer").home == root);
  CHECK(recognize_checkpoint(root / "transformer/").home == root);
  CHECK(recognize_checkpoint(root / "transformer/diffusion_pytorch_model.safetensors").home ==
        root);
}

TEST_CASE("transformer/ without config.json is told as that, and its configuration can be named",
          "[layout]") {
  const TemporaryDirectory folder;
  save_component(folder / "p/transformer", "diffusion_pytorch_model.safetensors");
  fs::rename(folder / "p/transformer/config.json", folder / "config.json");
  CHECK(contains(message_of<UserError>([&] { checkpoints::open_transformer(folder / "p"); }),
                 "p/transformer' holds no config.json: copy it there, or name it with --config"));
  CHECK_NOTHROW(checkpoints::open_transformer(folder / "p", {.config = folder / "config.json"}));
  fs::remove(folder / "p/transformer/diffusion_pytorch_model.safetensors");
  CHECK(contains(message_of<UserError>([&] { recognize_checkpoint(folder / "p"); }),
                 "transformer/config.json or weights in its transformer/"));
}

TEST_CASE("names of wrappers of training are taken off in every format", "[layout]") {
  const TemporaryDirectory folder;
  const TensorMap expected = to_map(tiny_dit_tensors());
  for (const auto& [front, middle] : std::vector<std::pair<std::string, std::string>>{
           {"module.", ""},
           {"_orig_mod.", ""},
           {"_fsdp_wrapped_module.", ""},
           {"_checkpoint_wrapped_module.", ""},
           {"module._orig_mod._fsdp_wrapped_module.", "_checkpoint_wrapped_module."}}) {
    INFO(front << " " << middle);
    TensorList wrapped = tiny_dit_tensors();
    TorchValue::Dict dict;
    for (LazyTensor& tensor : wrapped) {
      const std::string block = "transformer_blocks.0.";
      if (tensor.name.starts_with(block)) tensor.name.insert(block.size(), middle);
      tensor.name = front + tensor.name;
      dict.emplace_back(tensor.name, TorchValue{tensor.load()});
    }
    const fs::path plain = folder / "a.safetensors";
    save_tensor_list(plain, wrapped);
    for (const char* name : {"b.pth", "c.bin"}) save_torch_file(folder / name, {dict});
    nlohmann::json index;
    for (size_t i = 0; i < 2; ++i) {
      const std::string file = fmt::format("d-0000{}-of-00002.safetensors", i + 1);
      const size_t half = wrapped.size() / 2;
      const TensorList part(wrapped.begin() + int64_t(i * half),
                            i == 0 ? wrapped.begin() + int64_t(half) : wrapped.end());
      save_tensor_list(folder / file, part);
      for (const LazyTensor& tensor : part) index["weight_map"][tensor.name] = file;
    }
    folder.file("d.safetensors.index.json", index.dump());
    folder.file("config.json", tiny_dit_json().dump());
    for (const char* name : {"a.safetensors", "b.pth", "c.bin", "d.safetensors.index.json"}) {
      INFO(name);
      const auto source =
          checkpoints::open_transformer(folder / name, {.config = folder / "config.json"});
      CHECK(same_bits(to_map(source.tensors), expected));
    }
  }
  TensorList twice = tiny_dit_tensors();
  twice.push_back(twice.front());
  twice.back().name = "module." + twice.front().name;
  save_tensor_list(folder / "e.safetensors", twice);
  const std::string message =
      message_of<UserError>([&] { checkpoints::open_transformer(folder / "e.safetensors"); });
  CHECK(contains(message, "'" + twice.front().name + "'"));
  CHECK(contains(message, "'module." + twice.front().name + "'"));
}

TEST_CASE("a transformer that does not fit its configuration is refused", "[layout]") {
  const TemporaryDirectory folder;
  save_component(folder / "t", "a.safetensors");
  nlohmann::json json = tiny_dit_json();
  json["num_layers"] = 2;
  folder.file("two.json", json.dump());
  CHECK(contains(message_of<UserError>([&] {
                   checkpoints::open_transformer(folder / "t", {.config = folder / "two.json"});
                 }),
                 "unexpected:\n    transformer_blocks.2."));
  save_safetensors(folder / "vae.safetensors", {{"encoder.conv_in.weight", at::zeros({1})}});
  CHECK(contains(
      message_of<UserError>([&] { checkpoints::open_transformer(folder / "vae.safetensors"); }),
      "these are not the tensors of a SANA or SANA-Video transformer"));
}

}  // namespace sana
