// The VAE of a checkpoint, in any layout, before its weights are read.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/vae/video_vae.h"

namespace sana::checkpoints {

struct VaeSource {
  std::string name;  // "Wan VAE", for messages
  std::filesystem::path path;
  VaeGeometry geometry;
  // What the public pipelines decode in.
  c10::ScalarType default_dtype = c10::kFloat;
  // All that a copy of it consists of; side by side in a folder find_vae opens them again.
  std::vector<std::filesystem::path> files;
  // Reads the weights. Throws UserError when they are missing, damaged or of another VAE.
  std::function<std::unique_ptr<model::VideoVae>(c10::Device, c10::ScalarType)> load;
  // The same without weights, on the meta device: shapes of results, for estimates of memory.
  std::function<std::unique_ptr<model::VideoVae>(c10::ScalarType)> without_weights;
};

struct VaeOptions {
  // Whether load() first compares the files with the hashes of their checkpoint, if it has some.
  bool verifies = true;
};

// `path`: a folder with vae.json (trained by this program) or a run of such, a folder with
// config.json of AutoencoderKLWan, AutoencoderKLLTX2Video or AutoencoderDC, the weights in one of
// these, a checkpoint, pipeline or run with one of these as its vae/, or a file of original weights
// (Wan2.1_VAE.pth, the LTX-2 checkpoint, DC-AE-V). Throws UserError when it is none of these.
VaeSource find_vae(const std::filesystem::path& path, const VaeOptions& options = {});

// Makes `folder` with a copy of it, whose files are its own. Throws EnvironmentError.
void copy_vae(const VaeSource& vae, const std::filesystem::path& folder);

}  // namespace sana::checkpoints
