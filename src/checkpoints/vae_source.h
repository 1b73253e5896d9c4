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

// `path`: a folder with vae.json (trained by this program), a folder with config.json of
// AutoencoderKLWan, AutoencoderKLLTX2Video or AutoencoderDC, or a file of original weights
// (Wan2.1_VAE.pth, the LTX-2 checkpoint, DC-AE-V). Throws UserError when it is none of these.
VaeSource find_vae(const std::filesystem::path& path);

// Makes `folder` with a copy of it, linked where the file system allows. Throws EnvironmentError.
void copy_vae(const VaeSource& vae, const std::filesystem::path& folder);

}  // namespace sana::checkpoints
