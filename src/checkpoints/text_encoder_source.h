// The text encoder that a configuration names: where its files lie, and loading them.
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>

#include "model/text_encoder/text_encoder.h"

namespace sana::checkpoints {

// The folder that holds the files of all-MiniLM-L6-v2: config.path; else $SANA_TEXT_ENCODER_DIR;
// else third_party/<name> in the source tree, two folders above the program, or beside it. Throws
// UserError that lists what is missing where and names scripts/setup.sh.
std::filesystem::path minilm_folder(const model::TextEncoderConfig& config);

// The folder of Gemma-2's config.json and weights: config.path or its text_encoder/ (a diffusers
// folder of SANA). Throws UserError that lists where it was looked for.
std::filesystem::path gemma2_folder(const model::TextEncoderConfig& config);

// Opens the encoder on a device. Throws UserError when its files are missing or damaged.
std::unique_ptr<model::TextEncoder> load_text_encoder(const model::TextEncoderConfig& config,
                                                      c10::Device device);

}  // namespace sana::checkpoints
