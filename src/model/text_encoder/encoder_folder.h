// Where the files of a text encoder may lie.
#pragma once
#include <filesystem>
#include <vector>

#include "model/text_encoder/text_encoder.h"

namespace sana::model {

// Best first: config.path alone where it is set; else $SANA_TEXT_ENCODER_DIR alone where that is;
// else third_party/<name> in the source tree, two folders above the program, or beside it.
std::vector<std::filesystem::path> text_encoder_candidates(const TextEncoderConfig& config);

}  // namespace sana::model
