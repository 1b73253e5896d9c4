#include "model/text_encoder/text_encoder.h"

#include "core/error.h"
#include "model/text_encoder/gemma2_encoder.h"
#include "model/text_encoder/minilm.h"

namespace sana::model {

void TextEncoderConfig::validate(config::Problems& problems) const {
  if (name == kGemma2Name) return;
  const TextEncoderConfig defaults;
  const auto refuse = [&](const char* key, bool is_default) {
    if (!is_default) problems.add(key, fmt::format("has no effect on {}", name));
  };
  refuse("instruction", instruction == defaults.instruction);
  refuse("lowercase", lowercase == defaults.lowercase);
  refuse("motion_score", motion_score == defaults.motion_score);
  refuse("softcap", softcap == defaults.softcap);
}

std::unique_ptr<TextEncoder> load_text_encoder(const TextEncoderConfig& config,
                                               c10::Device device) {
  if (config.name == kMiniLmName) return std::make_unique<MiniLm>(config, device);
  if (config.name == kGemma2Name) return std::make_unique<Gemma2Encoder>(config, device);
  throw UserError(fmt::format("the text encoder \"{}\" is unknown; this program has {} and {}",
                              config.name, kMiniLmName, kGemma2Name));
}

}  // namespace sana::model
