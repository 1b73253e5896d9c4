// The embedded text encoder against the public implementation (scripts/reference/minilm.py).
#include "model/text_encoder/minilm/minilm.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoints/text_encoder_source.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana::model::TextEncoderConfig;
using sana::model::TextFeatures;

constexpr double kBound = 1e-4;  // of the largest value

struct Reference {
  std::vector<std::string> prompts;
  at::Tensor mask, hidden;  // hidden: rows of padding are zero, as in TextFeatures
};

Reference read_reference() {
  const sana::SafetensorsFile file(fs::path(SANA_TEST_DATA) / "minilm_reference.safetensors");
  const at::Tensor mask = file.tensor("mask");
  return {nlohmann::json::parse(file.metadata().at("prompts")).get<std::vector<std::string>>(),
          mask, file.tensor("hidden") * mask.unsqueeze(-1)};
}

TextEncoderConfig config_of(int64_t max_tokens, const fs::path& folder = {}) {
  TextEncoderConfig config;
  config.max_tokens = max_tokens;
  config.path = folder.string();
  return config;
}

TextEncoderConfig config_of(const Reference& reference, const fs::path& folder = {}) {
  return config_of(reference.mask.size(1), folder);
}

double relative_error(const at::Tensor& value, const at::Tensor& expected) {
  return ((value - expected).abs().max() / expected.abs().max()).item<double>();
}

// A folder with the vocabulary and config.json of the real encoder and the given weights.
void copy_encoder(const fs::path& to, const sana::TensorMap& weights) {
  const fs::path from = sana::checkpoints::minilm_folder({});
  for (const char* name : {"vocab.txt", "config.json"}) fs::copy_file(from / name, to / name);
  sana::save_safetensors(to / "model.safetensors", weights);
}

sana::TensorMap real_weights() {
  return sana::load_safetensors(sana::checkpoints::minilm_folder({}) / "model.safetensors");
}

void check_token_features(c10::Device device) {
  const Reference reference = read_reference();
  const auto encoder = sana::checkpoints::load_text_encoder(config_of(reference), device);
  const TextFeatures result = encoder->encode(reference.prompts);
  REQUIRE(result.features.sizes() == reference.hidden.sizes());
  CHECK(result.features.device().is_cpu());
  CHECK(result.features.scalar_type() == at::kFloat);
  CHECK(at::equal(result.mask, reference.mask));
  const double error = relative_error(result.features, reference.hidden);
  INFO("error " << error);
  CHECK(error < kBound);
  const at::Tensor padding = result.features.masked_select((result.mask == 0).unsqueeze(-1));
  CHECK(padding.numel() > 0);
  CHECK(padding.abs().max().item<float>() == 0);
}

}  // namespace

TEST_CASE("token features equal those of the public encoder", "[parity][text]") {
  check_token_features(at::kCPU);
}

TEST_CASE("token features on a GPU equal those of the public encoder", "[parity][text][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  check_token_features(sana::parse_device("auto"));
}

TEST_CASE("one per cent more in one weight of the text encoder is noticed", "[parity][text]") {
  const Reference reference = read_reference();
  const sana_test::TemporaryDirectory folder;
  sana::TensorMap weights = real_weights();
  at::Tensor& weight = weights.at("encoder.layer.3.attention.self.value.weight");
  weight = weight * 1.01;
  copy_encoder(folder.path(), weights);
  const auto original = sana::checkpoints::load_text_encoder(config_of(reference), at::kCPU);
  const auto changed =
      sana::checkpoints::load_text_encoder(config_of(reference, folder.path()), at::kCPU);
  CHECK(relative_error(changed->encode(reference.prompts).features, reference.hidden) > kBound);
  CHECK(changed->identity() != original->identity());
}

TEST_CASE("a prompt's features depend neither on its neighbours nor on their number", "[text]") {
  const auto encoder = sana::checkpoints::load_text_encoder(config_of(8), at::kCPU);
  std::vector<std::string> prompts(70, "a quiet lake");  // more than are encoded at once
  prompts.front() = "fireworks over a harbour at night";
  prompts.back() = "";
  const TextFeatures all = encoder->encode(prompts);
  for (const int64_t i : {0, 1, 64, 69}) {
    const TextFeatures alone = encoder->encode({prompts[static_cast<size_t>(i)]});
    CHECK(relative_error(all.features[i], alone.features[0]) < 1e-5);
    CHECK(at::equal(all.mask[i], alone.mask[0]));
  }
  CHECK(encoder->encode({}).features.sizes() == at::IntArrayRef({0, 8, 384}));
}

TEST_CASE("the identity names the encoder and changes with max_tokens", "[text]") {
  const auto identity = [](int64_t max_tokens) {
    return sana::checkpoints::load_text_encoder(config_of(max_tokens), at::kCPU)->identity();
  };
  const std::string first = identity(24);
  CHECK(first.rfind("all-MiniLM-L6-v2:", 0) == 0);
  CHECK(first.size() == std::string("all-MiniLM-L6-v2:").size() + 40);
  CHECK(identity(24) == first);
  CHECK(identity(25) != first);
}

TEST_CASE("a missing text encoder names the files and scripts/setup.sh", "[text]") {
  const sana_test::TemporaryDirectory folder;
  folder.file("vocab.txt", "[PAD]\n");
  const std::string message = sana_test::message_of<sana::UserError>(
      [&] { sana::checkpoints::load_text_encoder(config_of(64, folder.path()), at::kCPU); });
  CHECK_THAT(message, sana_test::ContainsSubstring("no model.safetensors, config.json"));
  CHECK_THAT(message, sana_test::ContainsSubstring(folder.path().string()));
  CHECK_THAT(message, sana_test::ContainsSubstring("scripts/setup.sh"));
}

TEST_CASE("weights of another shape and unknown names are refused together", "[text]") {
  const sana_test::TemporaryDirectory folder;
  sana::TensorMap weights = real_weights();
  weights["embeddings.LayerNorm.bias"] = at::zeros({3});
  weights["encoder.extra"] = at::zeros({1});
  copy_encoder(folder.path(), weights);
  const std::string message = sana_test::message_of<sana::UserError>(
      [&] { sana::checkpoints::load_text_encoder(config_of(64, folder.path()), at::kCPU); });
  CHECK_THAT(message, sana_test::ContainsSubstring("embeddings.LayerNorm.bias"));
  CHECK_THAT(message, sana_test::ContainsSubstring("encoder.extra"));
}
