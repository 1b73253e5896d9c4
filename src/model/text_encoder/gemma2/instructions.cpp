// The instructions that SANA puts before a prompt, byte for byte: line ends, the space at the end
// and the kind of quotation marks are part of what the models were trained or are sampled with.
#include <algorithm>
#include <string>

#include "core/error.h"
#include "model/text_encoder/gemma2/prompt.h"

namespace sana::model {
namespace {

// Of the public diffusers pipeline: wording for videos.
constexpr std::string_view kDiffusersVideo =
    R"(Given a user prompt, generate an 'Enhanced prompt' that provides detailed visual descriptions suitable for video generation. Evaluate the level of detail in the user prompt:
- If the prompt is simple, focus on adding specifics about colors, shapes, sizes, textures, motion, and temporal relationships to create vivid and dynamic scenes.
- If the prompt is already detailed, refine and enhance the existing details slightly without overcomplicating.
Here are examples of how to transform or refine prompts:
- User Prompt: A cat sleeping -> Enhanced: A small, fluffy white cat slowly settling into a curled position, peacefully falling asleep on a warm sunny windowsill, with gentle sunlight filtering through surrounding pots of blooming red flowers.
- User Prompt: A busy city street -> Enhanced: A bustling city street scene at dusk, featuring glowing street lamps gradually lighting up, a diverse crowd of people in colorful clothing walking past, and a double-decker bus smoothly passing by towering glass skyscrapers.
Please generate only the enhanced description for the prompt below and avoid including any additional commentary or evaluations:
User Prompt: )";

// Of the original training files: wording for images.
constexpr std::string_view kNvlabs =
    R"(Given a user prompt, generate an "Enhanced prompt" that provides detailed visual descriptions suitable for image generation. Evaluate the level of detail in the user prompt:
- If the prompt is simple, focus on adding specifics about colors, shapes, sizes, textures, and spatial relationships to create vivid and concrete scenes.
- If the prompt is already detailed, refine and enhance the existing details slightly without overcomplicating.
Here are examples of how to transform or refine prompts:
- User Prompt: A cat sleeping -> Enhanced: A small, fluffy white cat curled up in a round shape, sleeping peacefully on a warm sunny windowsill, surrounded by pots of blooming red flowers.
- User Prompt: A busy city street -> Enhanced: A bustling city street scene at dusk, featuring glowing street lamps, a diverse crowd of people in colorful clothing, and a double-decker bus passing by towering glass skyscrapers.
Please generate only the enhanced description for the prompt below and avoid including any additional commentary or evaluations:
User Prompt: )";

// The diffusers pipeline for images has the same words in other quotation marks.
const std::string& diffusers_image() {
  static const std::string text = [] {
    std::string words(kNvlabs);
    std::replace(words.begin(), words.end(), '"', '\'');
    return words;
  }();
  return text;
}

}  // namespace

std::string_view instruction_text(const std::string& name) {
  if (name == "none") return {};
  if (name == "diffusers_video") return kDiffusersVideo;
  if (name == "diffusers_image") return diffusers_image();
  if (name == "nvlabs") return kNvlabs;
  throw UserError(
      fmt::format("the instruction '{}' is unknown; known are diffusers_video, "
                  "diffusers_image, nvlabs and none",
                  name));
}

}  // namespace sana::model
