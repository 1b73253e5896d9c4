#include "model/state_dict.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/shape.h"

namespace sana::model {
namespace {

// "3 missing names:\n    a\n    b\n    c\n" with at most ten names spelled out.
std::string listing(const std::vector<std::string>& names, const std::string& kind) {
  if (names.empty()) return "";
  std::string text = fmt::format("\n  {} {}:", names.size(), kind);
  for (size_t i = 0; i < names.size() && i < 10; ++i) text += "\n    " + names[i];
  if (names.size() > 10) text += fmt::format("\n    ... and {} more", names.size() - 10);
  return text;
}

// Throws one UserError that lists every name that is missing, unexpected or of another shape.
void check_same_names(const TensorMap& own, const TensorMap& tensors, const std::string& what) {
  std::vector<std::string> missing, unexpected, mismatched;
  for (const auto& [name, parameter] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      missing.push_back(name);
    } else if (found->second.sizes() != parameter.sizes()) {
      mismatched.push_back(fmt::format("{} is {}, the model has {}", name,
                                       shape_string(found->second.sizes()),
                                       shape_string(parameter.sizes())));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (own.count(name) == 0) unexpected.push_back(name);
  }
  if (missing.empty() && unexpected.empty() && mismatched.empty()) return;
  throw UserError(
      fmt::format("{} does not fit this model{}{}{}\n  Use the checkpoint's own "
                  "configuration, or another checkpoint.",
                  what, listing(missing, "missing"), listing(unexpected, "unexpected"),
                  listing(mismatched, "of another shape")));
}

}  // namespace

TensorMap state_dict(const torch::nn::Module& module) {
  TensorMap result;
  for (const auto& item : module.named_parameters()) result.emplace(item.key(), item.value());
  for (const auto& item : module.named_buffers()) result.emplace(item.key(), item.value());
  return result;
}

void load_state_dict(torch::nn::Module& module, const TensorMap& tensors, const std::string& what) {
  copy_tensors(state_dict(module), tensors, what);
}

void copy_tensors(const TensorMap& own, const TensorMap& tensors, const std::string& what) {
  check_same_names(own, tensors, what);
  at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : own) parameter.copy_(tensors.at(name));
}

at::Tensor placeholder_weight(at::IntArrayRef shape) { return at::zeros({1}).expand(shape); }

void adopt_state_dict(torch::nn::Module& module, const TensorMap& tensors, c10::Device device,
                      c10::ScalarType dtype, const std::string& what) {
  const TensorMap own = state_dict(module);
  check_same_names(own, tensors, what);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : own) {
    const auto kept = parameter.is_floating_point() ? dtype : parameter.scalar_type();
    parameter.set_data(tensors.at(name).detach().to(device, kept));
  }
}

int64_t count_parameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace sana::model
