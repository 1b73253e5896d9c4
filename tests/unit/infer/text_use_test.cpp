// What of a prompt is used, and where the encoder's weights may lie.
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "checkpoints/text_encoder_source.h"
#include "core/error.h"
#include "core/json_file.h"
#include "core/safetensors.h"
#include "core/torch_file/torch_file.h"
#include "infer/sample_output.h"
#include "infer/sample_runner.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "tiny_pipeline.h"

namespace {

namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

model::TextEncoderConfig tiny_encoder(const fs::path& folder) {
  model::TextEncoderConfig config;
  config.name = model::kGemma2Name;
  config.path = folder.string();
  config.precision = "float32";
  return config;
}

at::Tensor features_of(const fs::path& folder) {
  return checkpoints::load_text_encoder(tiny_encoder(folder), at::kCPU)->encode({"a bee"}).features;
}

TEST_CASE("prompts beyond the token limit are counted, with their limit", "[infer][prompt]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "p");
  model::TextEncoderConfig config = tiny_encoder(folder / "p");
  config.max_tokens = 16;
  for (const char* instruction : {"diffusers_video", "none"}) {
    config.instruction = instruction;
    const auto encoder = checkpoints::load_text_encoder(config, at::kCPU);
    std::string prompt, fitting;
    while (!encoder->length_of(prompt).is_cut()) {
      fitting = prompt;
      prompt += prompt.empty() ? "bee" : " bee";
    }
    CHECK(encoder->length_of(prompt).limit == 16);
    CHECK(encoder->length_of(prompt).tokens > 16);
    // What is beyond the limit changes nothing, what is within it does.
    const auto features = [&](const std::string& text) { return encoder->encode({text}).features; };
    CHECK(at::equal(features(prompt + " wasp"), features(prompt + " fly")));
    CHECK_FALSE(at::equal(features(fitting), features("x" + fitting)));
    CHECK(encoder->length_of_negative(prompt + prompt).is_cut());
    CHECK_FALSE(encoder->length_of_negative("").is_cut());
  }
}

TEST_CASE("the provenance says how much of the texts was used", "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "p");
  checkpoints::Checkpoint checkpoint = checkpoints::open_checkpoint(folder / "p");
  checkpoint.bins.clear();
  infer::SampleJob job;
  for (int i = 0; i < 400; ++i) job.prompt += "bee ";
  job.negative = "dull";
  job.size = {32, 48, 1};
  job.sampler.steps = 1;
  job.out = folder / "a.png";
  const auto progress = make_silent_progress();
  infer::SampleRunner runner(checkpoint, {}, *progress);
  runner.run({job}, [](auto&&...) {});
  const auto provenance = read_json_file(infer::provenance_file(job.out));
  CHECK(provenance.at("max_tokens") == 300);
  CHECK(provenance.at("prompt_tokens").get<int64_t>() > 300);
  CHECK(provenance.at("negative_tokens").get<int64_t>() < 300);
  CHECK(provenance.at("cut_texts") == 1);
  CHECK(provenance.at("checkpoint_verified") == "no (it has no hashes)");
}

TEST_CASE("names of wrappers are taken off a text encoder, in every format", "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "p");
  const at::Tensor expected = features_of(folder / "p");
  const fs::path file = folder / "p/text_encoder/model.safetensors";
  TensorMap wrapped;
  TorchValue::Dict dict;
  for (const auto& [name, tensor] : load_safetensors(file)) {
    const std::string longer = "module.model." + name;
    wrapped[longer] = tensor.clone();
    dict.emplace_back(longer, TorchValue{tensor.clone()});
  }
  save_safetensors(file, wrapped);
  CHECK(at::equal(features_of(folder / "p"), expected));
  fs::remove(file);
  save_torch_file(folder / "p/text_encoder/pytorch_model.bin", {dict});
  CHECK(at::equal(features_of(folder / "p"), expected));
  const std::string identity =
      checkpoints::load_text_encoder(tiny_encoder(folder / "p"), at::kCPU)->identity();
  dict.front().second = TorchValue{at::zeros_like(wrapped.at(dict.front().first))};
  save_torch_file(folder / "p/text_encoder/pytorch_model.bin", {dict});
  CHECK(checkpoints::load_text_encoder(tiny_encoder(folder / "p"), at::kCPU)->identity() !=
        identity);
}

TEST_CASE("sizes that no text encoder has are refused with their key", "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "p");
  const fs::path file = folder / "p/text_encoder/config.json";
  nlohmann::json json = read_json_file(file);
  for (const char* key : {"num_hidden_layers", "hidden_size", "intermediate_size"}) {
    nlohmann::json wrong = json;
    wrong[key] = 1048576;
    folder.file("p/text_encoder/config.json", wrong.dump());
    CHECK(contains(message_of<UserError>([&] { features_of(folder / "p"); }), key));
  }
}

}  // namespace
