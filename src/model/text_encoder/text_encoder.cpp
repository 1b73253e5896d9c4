#include "model/text_encoder/text_encoder.h"

#include <spdlog/fmt/fmt.h>

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

}  // namespace sana::model
