#include "model/text_encoder/text_encoder.h"

#include <spdlog/fmt/fmt.h>

namespace sana::model {

std::string TextEncoderConfig::computed_precision() const {
  if (precision != "auto") return precision;
  return name == kGemma2Name ? "bfloat16" : "float32";
}

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
  if (computed_precision() != "float32") {
    problems.add("precision", fmt::format("{} is computed in float32 only", name));
  }
}

}  // namespace sana::model
