// `sana-video verify` on the fixtures of the repository, and on one that is wrong.
#include <ATen/ATen.h>

#include "core/safetensors.h"
#include "end_to_end/run_program.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::describe;
using sana_test::Outcome;
using sana_test::run_program;

}  // namespace

TEST_CASE("verify accepts every fixture that holds its weights", "[end_to_end]") {
  const sana_test::TemporaryDirectory folder;
  std::vector<std::string> words = {"verify"};
  for (const auto& entry : fs::directory_iterator(SANA_TEST_DATA)) {
    if (entry.path().extension() != ".safetensors") continue;
    const sana::Metadata metadata = sana::SafetensorsFile(entry.path()).metadata();
    const bool complete = metadata.count("model") != 0 && metadata.count("weights") == 0;
    if (complete) words.push_back(entry.path().string());
  }
  REQUIRE(words.size() >= 5);
  const Outcome outcome = run_program(words, folder.path());
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 0);
  CHECK_FALSE(contains(outcome.out, "FAIL"));
  for (size_t i = 1; i < words.size(); ++i) CHECK(contains(outcome.out, words[i]));
}

TEST_CASE("verify takes weights from another file", "[end_to_end]") {
  const sana_test::TemporaryDirectory folder;
  const fs::path data = SANA_TEST_DATA;
  const std::string causal = (data / "dit_480_causal.safetensors").string();
  const std::string weights = (data / "dit_480_tiny.safetensors").string();
  const Outcome outcome = run_program({"verify", causal, "--weights", weights}, folder.path());
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.out, "out.state.chunk2.block2.tail"));
  CHECK(run_program({"verify", causal}, folder.path()).exit_code > 0);
}

TEST_CASE("verify finds one changed weight", "[end_to_end]") {
  const sana_test::TemporaryDirectory folder;
  for (const std::string name : {"dit_480_tiny.safetensors", "wan_vae_tiny.safetensors"}) {
    const sana::SafetensorsFile fixture(fs::path(SANA_TEST_DATA) / name);
    sana::TensorMap tensors = fixture.tensors();
    const auto weight = tensors.lower_bound("w.");
    REQUIRE(weight != tensors.end());
    REQUIRE(weight->first.rfind("w.", 0) == 0);
    weight->second = weight->second.clone();
    weight->second.flatten()[0] += 0.5;
    sana::save_safetensors(folder / name, tensors, fixture.metadata());

    const Outcome outcome = run_program({"verify", (folder / name).string()}, folder.path());
    INFO(name << ", " << weight->first << ": " << describe(outcome));
    CHECK(outcome.exit_code > 0);
    CHECK(contains(outcome.out, "FAIL"));
  }
}
