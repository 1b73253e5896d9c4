// What a path is, of all layouts in which checkpoints of SANA are kept or published.
#pragma once
#include <filesystem>
#include <string>

namespace sana::checkpoints {

enum class Layout {
  kPipeline,            // folder with model_index.json, or transformer/config.json alone
  kComponent,           // folder with a config.json that names its class
  kNative,              // folder with model.json: a checkpoint of this program
  kOriginalRepository,  // folder with checkpoints/*.pth, as the authors publish it
  kWeights,             // a file of tensors, or a folder with one
};

// Where its transformer is.
struct CheckpointLayout {
  Layout layout = Layout::kWeights;
  std::filesystem::path path;
  std::filesystem::path home;     // folder in which vae/, text_encoder/ and scheduler/ are, if any
  std::filesystem::path weights;  // file or index; empty: none is there
  std::filesystem::path config;   // config.json beside the weights, or model.json; empty: none
  std::string class_name;         // in that config.json, or of the pipeline

  // "diffusers pipeline (SanaVideoPipeline)", ...
  std::string description() const;
};

// Throws UserError when `path` is none of these.
CheckpointLayout recognize_checkpoint(const std::filesystem::path& path);

}  // namespace sana::checkpoints
