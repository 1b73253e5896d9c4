// Checkpoints that several processes wrote together, as users go on with them.
#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/build_config.h"
#include "core/json_file.h"
#include "core/safetensors.h"
#include "end_to_end/ranks.h"
#include "end_to_end/tiny_project.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using sana_test::describe;
using sana_test::joined;
using sana_test::Outcome;
using sana_test::TinyProject;

constexpr const char* kFiles[] = {"model", "ema", "optimizer"};

TensorMap tensors_of(const fs::path& checkpoint, const std::string& stem) {
  return load_safetensors(find_safetensors(checkpoint / (stem + ".safetensors")));
}

void check_same_tensors(const TensorMap& a, const TensorMap& b) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, tensor] : a) {
    INFO(name);
    CHECK(at::equal(tensor, b.at(name)));
  }
}

Outcome run_well(const TinyProject& project, const std::vector<std::string>& words) {
  Outcome outcome = project.run(words);
  INFO(words[0] << ": " << describe(outcome));
  REQUIRE(outcome.exit_code == 0);
  return outcome;
}

void train_by(const TinyProject& project, int64_t processes, const std::string& run, int64_t steps,
              const std::vector<std::string>& more = {}) {
  const std::string batch = processes == 1 ? "2" : "1";
  const auto train = project.train_words(
      run, steps, joined({"data.batch_size=" + batch, "data.image_batch_size=" + batch}, more));
  const std::vector<std::string> launch = {"launch", "--nproc", std::to_string(processes)};
  run_well(project, processes == 1 ? train : joined(launch, train));
}

void check_layout(const fs::path& saved) {
  const auto manifest = read_json_file(saved / "manifest.json");
  for (const std::string stem : kFiles) {
    INFO(stem);
    CHECK_FALSE(fs::exists(saved / (stem + ".safetensors")));
    const auto index = read_json_file(saved / (stem + ".safetensors.index.json"));
    int64_t bytes = 0;
    for (const auto& [name, tensor] : tensors_of(saved, stem)) {
      CHECK(index.at("weight_map").contains(name));
      bytes += int64_t(tensor.nbytes());
    }
    CHECK(index.at("metadata").at("total_size") == bytes);
    for (const char* number : {"-00001", "-00002"}) {
      const std::string shard = stem + number + "-of-00002.safetensors";
      CHECK(fs::exists(saved / shard));
      CHECK(manifest.at("files").contains(shard));
    }
  }
}

// What every command that takes a checkpoint makes of it.
void check_use(const TinyProject& project, const fs::path& saved) {
  const TensorMap average = tensors_of(saved, "ema");
  CHECK(contains(run_well(project, {"inspect", "two"}).out, saved.filename().string()));
  const Outcome tensors = run_well(project, {"inspect", saved.string(), "--tensors"});
  for (const auto& [name, tensor] : average) CHECK(contains(tensors.out, name));
  run_well(project, {"inspect", (saved / "model.safetensors.index.json").string()});
  run_well(project, {"export", "two", "exported", "--dtype", "float32"});
  check_same_tensors(tensors_of(project.path("exported"), "model"), average);
  run_well(project, {"convert", "two", "diffusers", "--to", "diffusers"});
  check_same_tensors(tensors_of(project.path("diffusers/transformer"), "diffusion_pytorch_model"),
                     average);
  for (const fs::path& from : {saved, saved / "ema.safetensors.index.json"}) {
    const std::string run = "from-" + from.filename().string();
    run_well(project, project.train_words(run, 0, {"init.from=" + from.string()}));
    check_same_tensors(tensors_of(project.checkpoint(run, 0), "model"), average);
  }
}

TEST_CASE("a checkpoint of two processes is read by every command", "[end_to_end][distributed]") {
  if (!SANA_HAS_C10D) SANA_SKIP("this build has no c10d");
  const TinyProject project;
  train_by(project, 2, "two", 4);
  const fs::path saved = project.checkpoint("two", 4);
  check_layout(saved);
  check_use(project, saved);
  // Another run goes on from it.
  const Outcome on = project.train("on", 5, {"run.resume=" + saved.string()});
  INFO(describe(on));
  CHECK(on.exit_code == 0);
  CHECK(contains(on.err + on.out, "resuming from"));
  CHECK(project.newest_step("on") == 5);

  const std::string shard = "ema-00002-of-00002.safetensors";
  const auto refused = [&](const std::vector<std::string>& words, const std::string& what) {
    const Outcome outcome = project.run(words);
    INFO(words[0] << ": " << describe(outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(contains(outcome.err, what));
  };
  fs::copy_file(project.checkpoint("two", 2) / shard, saved / shard,
                fs::copy_options::overwrite_existing);
  refused({"export", "two", "damaged"}, shard + " has another content (hash)");
  refused(project.train_words("two", 5), shard + " has another content (hash)");
  fs::remove(saved / shard);
  refused({"export", "two", "damaged"}, shard);
  refused({"inspect", (saved / "ema.safetensors.index.json").string()}, "which is missing");
  refused(project.train_words("two", 5), shard + " is missing");
}

TEST_CASE("checkpoints of full sharding are gone on with in any scheme",
          "[end_to_end][distributed]") {
  if (!SANA_HAS_C10D) SANA_SKIP("this build has no c10d");
  const TinyProject project;
  train_by(project, 2, "run", 2, {"parallel.shard=2"});
  check_layout(project.checkpoint("run", 2));
  const TensorMap first = tensors_of(project.checkpoint("run", 2), "optimizer");
  train_by(project, 1, "run", 4);
  CHECK(fs::exists(project.checkpoint("run", 4) / "model.safetensors"));
  CHECK_FALSE(fs::exists(project.checkpoint("run", 4) / "model.safetensors.index.json"));
  run_well(project, joined({"launch", "--nproc", "4"},
                           project.train_words("run", 6,
                                               {"data.batch_size=1", "data.image_batch_size=1",
                                                "parallel.shard=2", "parallel.sequence=2"})));
  check_layout(project.checkpoint("run", 6));
  CHECK(tensors_of(project.checkpoint("run", 6), "optimizer").size() == first.size());
}

}  // namespace
