#include "infer/verify/verify.h"

#include <ATen/ATen.h>

#include <limits>
#include <set>

#include "core/error.h"
#include "core/shape.h"

namespace sana::infer {
namespace {

// A model that fixtures can name. The bfloat16 bounds are twice the largest error of the public
// PyTorch implementation (diffusers 0.42.1, transformers 5.17, torch 2.11, CPU) run in bfloat16 on
// our fixtures; that error stands beside each.
struct KnownModel {
  std::vector<ComputedTensor> (*run)(const Fixture&, const VerifyOptions&);
  double bfloat16_output;
  double bfloat16_gradient;
};

const std::map<std::string, KnownModel>& known_models() {
  static const std::map<std::string, KnownModel> table = {
      // DiT outputs 8.9e-3, gradients 8.7e-2.
      {"SanaVideoTransformer3DModel", {run_dit_fixture, 1.8e-2, 1.75e-1}},
      // 1.2e-2 (layers of the public model with sums and tails carried between blocks of frames).
      {"SanaVideoTransformer3DModel:block_causal", {run_dit_causal_fixture, 2.4e-2, 1.75e-1}},
      // 1.2e-2
      {"SanaTransformer2DModel", {run_sana_image_fixture, 2.4e-2, 1.75e-1}},
      // 5.2e-2
      {"AutoencoderKLWan", {run_wan_vae_fixture, 1.05e-1, 1.75e-1}},
      // 3.3e-2
      {"AutoencoderKLLTX2Video", {run_ltx2_vae_fixture, 6.6e-2, 1.75e-1}},
      // 5.7e-2: its attention divides by sums that can be near 0, where rounding decides. Of 40
      // random images the error of the public encoder is above 1.4e-2 for 13, above 5.7e-2 for 2.
      {"AutoencoderDC", {run_dc_ae_fixture, 1.15e-1, 1.75e-1}},
      // 2.74e-2 (a PyTorch reference of ours: there is no public class).
      {"DCAEWithTemporal", {run_dc_ae_video_fixture, 5.5e-2, 1.75e-1}},
      // 7.85e-2 with eager attention
      {"Gemma2Model", {run_gemma2_fixture, 1.57e-1, 1.75e-1}},
      // Samplers compute in float32 always.
      {"samplers", {run_sampler_fixture, 1e-4, 1e-3}},
  };
  return table;
}

double error_bound(const KnownModel& model, const std::string& stored_name, c10::ScalarType dtype) {
  const bool gradient = stored_name.rfind("grad.", 0) == 0;
  if (dtype == at::kFloat) return gradient ? 1e-3 : 1e-4;
  return gradient ? model.bfloat16_gradient : model.bfloat16_output;
}

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

void take_weights(const SafetensorsFile& file, TensorMap& weights) {
  for (const auto& [name, tensor] : file.tensors()) {
    if (starts_with(name, "w.")) weights.emplace(name.substr(2), tensor);
  }
}

Fixture read_fixture(const SafetensorsFile& file, const VerifyOptions& options) {
  Fixture fixture;
  fixture.where = file.path().filename().string();
  fixture.metadata = file.metadata();
  const auto config = file.metadata().find("config");
  fixture.config = nlohmann::json::object();
  if (config != file.metadata().end()) {
    fixture.config = nlohmann::json::parse(config->second, nullptr, false);
    require(!fixture.config.is_discarded(), "{}: the header's config is not JSON", fixture.where);
  }
  for (const auto& [name, tensor] : file.tensors()) {
    if (starts_with(name, "in.")) {
      fixture.inputs.emplace(name.substr(3), tensor);
    } else if (!starts_with(name, "w.")) {
      fixture.stored.emplace(name, tensor);
    }
  }
  take_weights(file, fixture.weights);
  if (options.weights) take_weights(SafetensorsFile(*options.weights), fixture.weights);
  return fixture;
}

const KnownModel& find_model(const SafetensorsFile& file) {
  const auto name = file.metadata().find("model");
  require(name != file.metadata().end(),
          "{}: no 'model' in the header; this is not a fixture for verify", file.path().string());
  const auto found = known_models().find(name->second);
  std::string known;
  for (const auto& item : known_models()) known += (known.empty() ? "" : ", ") + item.first;
  require(found != known_models().end(), "{}: no model named '{}' here; known are {}",
          file.path().string(), name->second, known);
  return found->second;
}

}  // namespace

const at::Tensor& Fixture::input(const std::string& name) const {
  const auto found = inputs.find(name);
  require(found != inputs.end(), "{}: tensor in.{} is missing", where, name);
  return found->second;
}

double relative_error(const at::Tensor& ours, const at::Tensor& stored) {
  if (ours.sizes() != stored.sizes()) return std::numeric_limits<double>::infinity();
  if (stored.numel() == 0) return 0.0;
  const at::Tensor a = ours.detach().to(at::kCPU, at::kDouble);
  const at::Tensor b = stored.to(at::kDouble);
  const double difference = (a - b).abs().max().item<double>();
  const double largest = b.abs().max().item<double>();
  return largest > 0.0 ? difference / largest : difference;
}

std::vector<VerifyLine> verify_file(const std::filesystem::path& path,
                                    const VerifyOptions& options) {
  const SafetensorsFile file(path);
  const KnownModel& model = find_model(file);
  const Fixture fixture = read_fixture(file, options);
  require(!fixture.stored.empty(), "{}: no output is stored there, nothing to compare",
          path.string());
  std::vector<VerifyLine> lines;
  std::set<std::string> computed;
  for (const ComputedTensor& ours : model.run(fixture, options)) {
    const auto stored = fixture.stored.find(ours.stored_name);
    if (stored == fixture.stored.end()) continue;
    computed.insert(ours.stored_name);
    lines.push_back({ours.stored_name + ours.note, shape_string(stored->second.sizes()),
                     relative_error(ours.value, stored->second),
                     error_bound(model, ours.stored_name, options.dtype)});
  }
  for (const auto& [name, tensor] : fixture.stored) {
    if (computed.count(name) == 0) {
      lines.push_back({name, shape_string(tensor.sizes()), 0.0, 0.0, /*computed=*/false});
    }
  }
  return lines;
}

}  // namespace sana::infer
