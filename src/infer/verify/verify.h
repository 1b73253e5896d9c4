// Equality with the public implementation: runs our models on the weights and inputs of a fixture
// file and compares every stored output and gradient.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/safetensors.h"

namespace sana::infer {

struct VerifyOptions {
  c10::Device device = c10::kCPU;
  c10::ScalarType dtype = c10::kFloat;
  std::optional<std::filesystem::path> weights;  // fixture that holds the w.* tensors, if another
};

// One comparison.
struct VerifyLine {
  std::string name;  // stored tensor, and a note such as " (whole clip)"
  std::string shape;
  double error = 0.0;  // max |ours - stored| / max |stored|
  double bound = 0.0;
  bool computed = true;  // false: stored in the file, but no model computed it
  bool ok() const { return computed && error <= bound; }  // a NaN error is never ok
};

// A tensor that a model computed for a stored name.
struct ComputedTensor {
  std::string stored_name;
  at::Tensor value;
  std::string note;
};

// What one fixture gives to a model.
struct Fixture {
  std::string where;  // file name, for errors
  nlohmann::json config;
  Metadata metadata;  // of the file's header
  TensorMap weights;  // without the "w." prefix
  TensorMap inputs;   // without the "in." prefix
  TensorMap stored;   // every other tensor, under its full name
  const at::Tensor& input(const std::string& name) const;  // throws UserError when missing
  bool has_input(const std::string& name) const { return inputs.count(name) != 0; }
};

// max |ours - stored| / max |stored|; infinite when shapes differ.
double relative_error(const at::Tensor& ours, const at::Tensor& stored);

// Compares each stored tensor of the file. Bounds: float32 1e-4 (gradients 1e-3); bfloat16 twice
// the error of the public implementation in bfloat16. Throws UserError when the file is damaged,
// lacks an input, or names a model that this program does not have.
std::vector<VerifyLine> verify_file(const std::filesystem::path& path,
                                    const VerifyOptions& options);

// The models, each in its own file.
std::vector<ComputedTensor> run_dit_fixture(const Fixture& fixture, const VerifyOptions& options);
std::vector<ComputedTensor> run_dit_causal_fixture(const Fixture& fixture,
                                                   const VerifyOptions& options);
std::vector<ComputedTensor> run_sana_image_fixture(const Fixture& fixture,
                                                   const VerifyOptions& options);
std::vector<ComputedTensor> run_wan_vae_fixture(const Fixture& fixture,
                                                const VerifyOptions& options);
std::vector<ComputedTensor> run_gemma2_fixture(const Fixture& fixture,
                                               const VerifyOptions& options);
std::vector<ComputedTensor> run_ltx2_vae_fixture(const Fixture& fixture,
                                                 const VerifyOptions& options);
std::vector<ComputedTensor> run_dc_ae_fixture(const Fixture& fixture, const VerifyOptions& options);
std::vector<ComputedTensor> run_dc_ae_video_fixture(const Fixture& fixture,
                                                    const VerifyOptions& options);
std::vector<ComputedTensor> run_sampler_fixture(const Fixture& fixture,
                                                const VerifyOptions& options);

}  // namespace sana::infer
