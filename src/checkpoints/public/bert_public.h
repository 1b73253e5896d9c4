// The configuration of BERT as public checkpoints write it.
#pragma once
#include <filesystem>

#include "model/text_encoder/minilm/bert.h"

namespace sana::checkpoints {

// Reads a public config.json. Throws UserError naming the key that is missing or wrong, and when
// the file describes a variant that is not computed here (another activation or position
// embedding).
model::BertConfig read_bert_config(const std::filesystem::path& path);

}  // namespace sana::checkpoints
