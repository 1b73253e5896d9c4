#include "checkpoints/text_encoder_source.h"

#include <string>
#include <vector>

#include "checkpoints/public/bert_public.h"
#include "checkpoints/public/gemma2_public.h"
#include "checkpoints/weight_source.h"
#include "core/build_config.h"
#include "core/environment.h"
#include "core/error.h"
#include "model/text_encoder/gemma2/gemma2_encoder.h"
#include "model/text_encoder/minilm/minilm.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

using model::TextEncoderConfig;

// Best first: config.path alone where it is set; else $SANA_TEXT_ENCODER_DIR alone where that is;
// else share/sana-video/<name> of an installed program; else third_party/<name> in the source tree,
// two folders above the program, or beside it.
std::vector<fs::path> candidates(const TextEncoderConfig& config) {
  if (!config.path.empty()) return {config.path};
  const std::string given = environment_text("SANA_TEXT_ENCODER_DIR");
  if (!given.empty()) return {given};
  const fs::path relative = fs::path("third_party") / config.name;
  std::vector<fs::path> folders = {fs::path(SANA_SOURCE_ROOT) / relative};
  if (const fs::path program = program_file(); !program.empty()) {
    const fs::path home = program.parent_path();
    folders.insert(folders.begin(), home.parent_path() / "share" / "sana-video" / config.name);
    folders.push_back((home / ".." / ".." / relative).lexically_normal());
    folders.push_back(home / relative);
  }
  return folders;
}

// Runs `body`; what is wrong with a file of the encoder is told together with the remedy.
template <class Body>
auto read_encoder_file(const fs::path& folder, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const UserError& error) {
    throw UserError(
        fmt::format("the text encoder in {} cannot be used: {}\n"
                    "  Delete that folder and run scripts/setup.sh, which fetches it again.",
                    folder.string(), error.what()));
  }
}

std::unique_ptr<model::TextEncoder> load_minilm(const TextEncoderConfig& config,
                                                c10::Device device) {
  const fs::path folder = minilm_folder(config);
  const model::BertConfig shape =
      read_encoder_file(folder, [&] { return read_bert_config(folder / "config.json"); });
  require(config.max_tokens >= 2 && config.max_tokens <= shape.max_position_embeddings,
          "max_tokens of the text encoder must be between 2 and {}, it is {}",
          shape.max_position_embeddings, config.max_tokens);
  return read_encoder_file(folder, [&] {
    TensorMap weights = load_all(open_weights(model::minilm_weights_file(folder)).tensors);
    return std::make_unique<model::MiniLm>(config, shape, folder, std::move(weights), device);
  });
}

std::unique_ptr<model::TextEncoder> load_gemma2(const TextEncoderConfig& config,
                                                c10::Device device) {
  const fs::path folder = gemma2_folder(config);
  const model::Gemma2Config shape = read_gemma2_config(folder / "config.json");
  const auto weights = weights_in(folder);
  require(weights.has_value(), "'{}' holds no .safetensors, .bin or .pth file", folder.string());
  return std::make_unique<model::Gemma2Encoder>(config, shape, folder, *weights,
                                                load_all(open_weights(*weights).tensors), device);
}

}  // namespace

fs::path minilm_folder(const TextEncoderConfig& config) {
  std::string report;
  for (const fs::path& folder : candidates(config)) {
    const std::string missing = model::missing_minilm_files(folder);
    if (missing.empty()) return folder;
    report += fmt::format("\n    {} has no {}", folder.string(), missing);
  }
  throw UserError(
      fmt::format("the text encoder {} was not found:{}\n  Run scripts/setup.sh, which fetches it, "
                  "or name its folder in the environment variable SANA_TEXT_ENCODER_DIR.",
                  config.name, report));
}

fs::path gemma2_folder(const TextEncoderConfig& config) {
  std::string report;
  for (const fs::path& candidate : candidates(config)) {
    for (const fs::path& folder : {candidate / "text_encoder", candidate}) {
      std::error_code ignored;
      if (fs::is_regular_file(folder / "config.json", ignored)) return folder;
      report += fmt::format("\n    {}", (folder / "config.json").string());
    }
  }
  throw UserError(fmt::format(
      "the text encoder {} was not found; there is no{}\n  Set text_encoder.path to a diffusers "
      "folder of SANA or SANA-Video, to its text_encoder/, or to a folder of gemma-2-2b-it.",
      config.name, report));
}

std::unique_ptr<model::TextEncoder> load_text_encoder(const TextEncoderConfig& config,
                                                      c10::Device device) {
  if (config.name == model::kMiniLmName) return load_minilm(config, device);
  if (config.name == model::kGemma2Name) return load_gemma2(config, device);
  throw UserError(fmt::format("the text encoder \"{}\" is unknown; this program has {} and {}",
                              config.name, model::kMiniLmName, model::kGemma2Name));
}

}  // namespace sana::checkpoints
