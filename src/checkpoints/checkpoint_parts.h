// Parts of a checkpoint that a user names beside it.
#pragma once
#include <filesystem>

namespace sana::checkpoints {

// Parts that stand elsewhere than in the checkpoint; empty: in it.
struct CheckpointParts {
  std::filesystem::path vae, text_encoder;
  std::filesystem::path config;  // transformer/config.json of a bare file of unusual sizes
  // Whether files of checkpoints of this program are compared with the hashes in manifest.json.
  bool verifies = true;
};

}  // namespace sana::checkpoints
