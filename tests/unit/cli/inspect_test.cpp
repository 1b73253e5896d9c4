#include "cli/inspect.h"

#include <ATen/ATen.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "support/catch.h"

namespace sana {
namespace fs = std::filesystem;

namespace {

// A fresh folder below the system's folder for temporary files, removed at the end.
struct ScratchFolder {
  fs::path path;
  explicit ScratchFolder(const std::string& name)
      : path(fs::temp_directory_path() / ("sana-" + name)) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~ScratchFolder() { fs::remove_all(path); }
};

void touch(const fs::path& path) { std::ofstream(path) << "{}"; }

}  // namespace

TEST_CASE("a summary counts tensors, elements and bytes of one file", "[cli]") {
  const ScratchFolder folder("inspect-file");
  save_safetensors(folder.path / "a.safetensors",
                   {{"enc.w", at::zeros({2, 3})},
                    {"enc.b", at::zeros({3}, at::kBFloat16)},
                    {"dec.w", at::zeros({})}},
                   {{"model", "toy"}});
  const cli::TensorSummary summary = cli::summarize_tensors(folder.path / "a.safetensors");
  CHECK(summary.tensors.size() == 3);
  CHECK(summary.num_elements == 6 + 3 + 1);
  CHECK(summary.num_bytes == 6 * 4 + 3 * 2 + 4);
  CHECK(summary.dtypes.at("Float") == 2);
  CHECK(summary.dtypes.at("BFloat16") == 1);
  CHECK(summary.groups.at("enc") == 9);
  CHECK(summary.groups.at("dec") == 1);
  CHECK(summary.metadata.at("model") == "toy");
  CHECK(cli::kind_of(folder.path / "a.safetensors") == cli::PathKind::kTensors);
  CHECK(cli::kind_of(folder.path) == cli::PathKind::kTensors);
}

TEST_CASE("a summary follows the index of a sharded file, each shard once", "[cli]") {
  const ScratchFolder folder("inspect-index");
  save_safetensors(folder.path / "1.safetensors", {{"a", at::zeros({4})}, {"b", at::zeros({4})}});
  save_safetensors(folder.path / "2.safetensors", {{"c", at::zeros({5})}});
  const nlohmann::json index = {
      {"weight_map", {{"a", "1.safetensors"}, {"b", "1.safetensors"}, {"c", "2.safetensors"}}}};
  std::ofstream(folder.path / "model.safetensors.index.json") << index.dump();
  const cli::TensorSummary summary =
      cli::summarize_tensors(folder.path / "model.safetensors.index.json");
  CHECK(summary.files.size() == 2);
  CHECK(summary.num_elements == 13);
}

TEST_CASE("folders are recognised by the file that names them", "[cli]") {
  const ScratchFolder folder("inspect-kinds");
  CHECK_THROWS_AS(cli::kind_of(folder.path), UserError);
  CHECK_THROWS_AS(cli::kind_of(folder.path / "missing"), UserError);
  fs::create_directories(folder.path / "step-00000010.partial");
  CHECK_THROWS_AS(cli::kind_of(folder.path), UserError);
  fs::create_directories(folder.path / "step-00000010");
  CHECK_THROWS_AS(cli::kind_of(folder.path), UserError);  // unfinished: no manifest
  touch(folder.path / "step-00000010" / "manifest.json");
  CHECK(cli::kind_of(folder.path) == cli::PathKind::kRun);
  touch(folder.path / "step-00000010" / "model.json");
  CHECK(cli::kind_of(folder.path / "step-00000010") == cli::PathKind::kModel);
  touch(folder.path / "vae.json");
  CHECK(cli::kind_of(folder.path) == cli::PathKind::kVae);
  touch(folder.path / "dataset.json");
  CHECK(cli::kind_of(folder.path) == cli::PathKind::kDataset);
  touch(folder.path / "notes.txt");
  CHECK_THROWS_AS(cli::kind_of(folder.path / "notes.txt"), UserError);
}

TEST_CASE("a folder without tensors and a damaged file are refused", "[cli]") {
  const ScratchFolder folder("inspect-bad");
  CHECK_THROWS_AS(cli::summarize_tensors(folder.path), UserError);
  std::ofstream(folder.path / "broken.safetensors") << "no header";
  CHECK_THROWS_AS(cli::summarize_tensors(folder.path), UserError);
  touch(folder.path / "x.safetensors.index.json");
  CHECK_THROWS_AS(cli::summarize_tensors(folder.path / "x.safetensors.index.json"), UserError);
}

}  // namespace sana
