// Prompts through tokenizer, instruction, Gemma-2 and selection of rows against the public pipeline
// (scripts/reference/gemma2_prompt.py).
#include "model/text_encoder/gemma2/gemma2_encoder.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "checkpoints/text_encoder_source.h"
#include "core/device.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana::checkpoints::load_text_encoder;
using sana::model::TextEncoder;
using sana::model::TextEncoderConfig;
using sana::model::TextFeatures;

struct PromptReference {
  sana::SafetensorsFile file{fs::path(SANA_TEST_DATA) / "gemma2_prompt.safetensors"};
  std::vector<std::string> prompts =
      nlohmann::json::parse(file.metadata().at("prompts")).get<std::vector<std::string>>();

  sana::TensorMap weights(const std::string& prefix) const {
    sana::TensorMap result;
    for (const auto& [name, tensor] : file.tensors()) {
      if (name.starts_with("w.")) result[prefix + name.substr(2)] = tensor;
    }
    return result;
  }
};

void write_gemma_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

// The layout of a diffusers folder, with the weights in two shards.
void write_diffusers_folder(const PromptReference& reference, const fs::path& root,
                            const std::string& tokenizer = "tokenizer.json") {
  const fs::path encoder = root / "text_encoder";
  write_gemma_text(encoder / "config.json", reference.file.metadata().at("config"));
  nlohmann::json map;
  sana::TensorMap shards[2];
  for (const auto& [name, tensor] : reference.weights("")) {
    const int shard = name.starts_with("layers.1") ? 1 : 0;
    shards[shard][name] = tensor;
    map[name] = shard == 0 ? "model-1.safetensors" : "model-2.safetensors";
  }
  sana::save_safetensors(encoder / "model-1.safetensors", shards[0]);
  sana::save_safetensors(encoder / "model-2.safetensors", shards[1]);
  write_gemma_text(encoder / "model.safetensors.index.json",
                   nlohmann::json{{"weight_map", map}}.dump());
  fs::create_directories(root / "tokenizer");
  const fs::path source = fs::path(SANA_TEST_DATA) / "tokenizer";
  fs::copy_file(source / (tokenizer == "tokenizer.json" ? "tiny.json" : "tiny.model"),
                root / "tokenizer" / tokenizer);
}

TextEncoderConfig gemma_config(const fs::path& path, const std::string& precision = "float32") {
  TextEncoderConfig config;
  config.name = "gemma-2-2b";
  config.path = path.string();
  config.max_tokens = 24;
  config.motion_score = 30;
  config.precision = precision;
  return config;
}

double encoder_error(const TextFeatures& ours, const PromptReference& reference,
                     const std::string& style) {
  const at::Tensor stored = reference.file.tensor("out." + style + ".features");
  CHECK(at::equal(ours.mask, reference.file.tensor("out." + style + ".mask")));
  REQUIRE(ours.features.sizes() == stored.sizes());
  CHECK(ours.features.device().is_cpu());
  CHECK(ours.features.scalar_type() == at::kFloat);
  return ((ours.features - stored).abs().max() / stored.abs().max()).item<double>();
}

void check_prompts(const std::string& tokenizer, c10::Device device) {
  const PromptReference reference;
  const sana_test::TemporaryDirectory folder;
  write_diffusers_folder(reference, folder.path(), tokenizer);
  const auto encoder = load_text_encoder(gemma_config(folder.path()), device);
  CHECK(encoder->width() == 24);
  CHECK(encoder_error(encoder->encode(reference.prompts), reference, "diffusers") < 1e-4);
  CHECK(encoder_error(encoder->encode_negative(reference.prompts), reference, "negative") < 1e-4);
}

}  // namespace

TEST_CASE("prompts and negative prompts give the features of the public pipeline",
          "[parity][gemma2]") {
  check_prompts(GENERATE(std::string("tokenizer.json"), "tokenizer.model"), at::kCPU);
}

TEST_CASE("prompts on a GPU give the features of the public pipeline", "[parity][gemma2][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  check_prompts("tokenizer.json", sana::parse_device("auto"));
}

TEST_CASE("the original program's prompts keep their case and have its instruction",
          "[parity][gemma2]") {
  const PromptReference reference;
  const sana_test::TemporaryDirectory folder;
  write_diffusers_folder(reference, folder.path());
  TextEncoderConfig config = gemma_config(folder.path());
  config.instruction = "nvlabs";
  config.lowercase = false;
  config.motion_score = 10;
  const auto encoder = load_text_encoder(config, at::kCPU);
  CHECK(encoder_error(encoder->encode(reference.prompts), reference, "nvlabs") < 1e-4);
  config.lowercase = true;
  const TextFeatures lowered = load_text_encoder(config, at::kCPU)->encode(reference.prompts);
  CHECK_FALSE(at::allclose(lowered.features, reference.file.tensor("out.nvlabs.features")));
}

TEST_CASE("capping the scores can be turned off", "[gemma2]") {
  const PromptReference reference;
  const sana_test::TemporaryDirectory folder;
  write_diffusers_folder(reference, folder.path());
  TextEncoderConfig config = gemma_config(folder.path());
  config.softcap = false;
  CHECK(encoder_error(load_text_encoder(config, at::kCPU)->encode(reference.prompts), reference,
                      "diffusers") > 1e-4);
}

TEST_CASE("a prompt's features depend on its neighbours neither in batch nor in length",
          "[gemma2]") {
  const PromptReference reference;
  const sana_test::TemporaryDirectory folder;
  write_diffusers_folder(reference, folder.path());
  const auto encoder = load_text_encoder(gemma_config(folder.path()), at::kCPU);
  std::vector<std::string> prompts(18, "a quiet lake");  // more than are encoded at once
  prompts.front() = reference.prompts.back();
  prompts.back() = "";
  const TextFeatures all = encoder->encode(prompts);
  for (const int64_t i : {0, 1, 17}) {
    const TextFeatures alone = encoder->encode({prompts[static_cast<size_t>(i)]});
    CHECK(at::allclose(all.features[i], alone.features[0], 1e-4, 1e-4));
    CHECK(at::equal(all.mask[i], alone.mask[0]));
  }
  CHECK(encoder->encode({}).features.sizes() == at::IntArrayRef({0, 24, 24}));
}

TEST_CASE("every layout of the public folders opens, in bfloat16 too", "[gemma2]") {
  const PromptReference reference;
  const sana_test::TemporaryDirectory folder;
  write_diffusers_folder(reference, folder / "diffusers");
  // gemma-2-2b-it: everything in one folder, names with prefix, beside a language-model head.
  sana::TensorMap weights = reference.weights("model.");
  weights["lm_head.weight"] = weights.at("model.embed_tokens.weight");
  write_gemma_text(folder / "plain/config.json", reference.file.metadata().at("config"));
  sana::save_safetensors(folder / "plain/model.safetensors", weights);
  fs::copy_file(fs::path(SANA_TEST_DATA) / "tokenizer/tiny.model",
                folder / "plain/tokenizer.model");
  for (const char* name : {"diffusers", "diffusers/text_encoder", "plain"}) {
    INFO(name);
    const auto encoder = load_text_encoder(gemma_config(folder / name), at::kCPU);
    CHECK(encoder_error(encoder->encode(reference.prompts), reference, "diffusers") < 1e-4);
    // A coarse sight of bfloat16: verify holds the bound of the model itself.
    const auto half = load_text_encoder(gemma_config(folder / name, "bfloat16"), at::kCPU);
    CHECK(encoder_error(half->encode(reference.prompts), reference, "diffusers") < 0.2);
  }
}

TEST_CASE("the identity changes with weights, tokenizer and settings, not with precision",
          "[gemma2]") {
  const PromptReference reference;
  const sana_test::TemporaryDirectory folder;
  write_diffusers_folder(reference, folder.path());
  const TextEncoderConfig config = gemma_config(folder.path());
  const auto identity = [](const TextEncoderConfig& changed) {
    return load_text_encoder(changed, at::kCPU)->identity();
  };
  const std::string first = identity(config);
  CHECK(first.rfind("gemma-2-2b:", 0) == 0);
  CHECK(identity(gemma_config(folder.path(), "bfloat16")) == first);
  for (const auto change : std::vector<void (*)(TextEncoderConfig&)>{
           [](TextEncoderConfig& c) { c.max_tokens = 25; },
           [](TextEncoderConfig& c) { c.motion_score = std::nullopt; },
           [](TextEncoderConfig& c) { c.lowercase = false; },
           [](TextEncoderConfig& c) { c.instruction = "nvlabs"; },
           [](TextEncoderConfig& c) { c.softcap = false; }}) {
    TextEncoderConfig changed = config;
    change(changed);
    CHECK(identity(changed) != first);
  }
  sana::TensorMap second = sana::load_safetensors(folder / "text_encoder/model-2.safetensors");
  at::Tensor& weight = second.begin()->second;
  weight = weight * 1.01;
  sana::save_safetensors(folder / "text_encoder/model-2.safetensors", second);
  CHECK(identity(config) != first);
}

TEST_CASE("settings of gemma-2-2b are refused for another encoder", "[gemma2]") {
  const auto complaints = [](const TextEncoderConfig& config) {
    sana::config::Problems problems;
    config.validate(problems);
    return problems.all().size();
  };
  TextEncoderConfig config;
  CHECK(complaints(config) == 0);
  config.motion_score = 30;
  config.lowercase = false;
  CHECK(complaints(config) == 2);
  config.name = "gemma-2-2b";
  CHECK(complaints(config) == 0);
}

TEST_CASE("a folder that is no text encoder is refused with what is missing", "[gemma2]") {
  const PromptReference reference;
  const sana_test::TemporaryDirectory folder;
  const auto message = [&](const fs::path& path) {
    return sana_test::message_of<sana::UserError>(
        [&] { load_text_encoder(gemma_config(path), at::kCPU); });
  };
  CHECK_THAT(message(folder / "none"),
             sana_test::ContainsSubstring("none/text_encoder/config.json"));
  write_diffusers_folder(reference, folder / "a");
  fs::remove_all(folder / "a/tokenizer");
  CHECK_THAT(message(folder / "a"), sana_test::ContainsSubstring("has no tokenizer"));
  write_diffusers_folder(reference, folder / "b");
  fs::remove(folder / "b/text_encoder/model-2.safetensors");
  CHECK_THAT(message(folder / "b"), sana_test::ContainsSubstring("model-2.safetensors"));
  write_diffusers_folder(reference, folder / "c");
  auto config = nlohmann::json::parse(reference.file.metadata().at("config"));
  config["vocab_size"] = 599;
  write_gemma_text(folder / "c/text_encoder/config.json", config.dump());
  CHECK_THAT(message(folder / "c"), sana_test::ContainsSubstring("embed_tokens.weight"));
}
