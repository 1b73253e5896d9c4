#include "model/state_dict.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/shape_map.h"

namespace sana::model {

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
  check_shapes(shapes_of(own), shapes_of(tensors), what);
  at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : own) parameter.copy_(tensors.at(name));
}

void adopt_state_dict(torch::nn::Module& module, const TensorMap& tensors, c10::Device device,
                      c10::ScalarType dtype, const std::string& what) {
  const TensorMap own = state_dict(module);
  check_shapes(shapes_of(own), shapes_of(tensors), what);
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

bool trains(const torch::nn::Module& module) {
  const std::vector<at::Tensor> parameters = module.parameters();
  return std::any_of(parameters.begin(), parameters.end(),
                     [](const at::Tensor& parameter) { return parameter.requires_grad(); });
}

}  // namespace sana::model
