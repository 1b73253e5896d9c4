// Named tensors of a module: collecting them, and loading them with every problem in one message.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "core/safetensors.h"

namespace sana::model {

// Parameters and buffers by name (references to the module's own storage).
TensorMap state_dict(const torch::nn::Module& module);

// Copies `tensors` into the module, converting dtype and device. Every name of the module must be
// there with its shape and nothing else may be; otherwise one UserError lists all missing,
// unexpected and mismatched names. `what` names the source in it
// ("runs/a/step-00000100/model.safetensors").
void load_state_dict(torch::nn::Module& module, const TensorMap& tensors, const std::string& what);

// The same for any set of tensors (the state of an optimizer): copies `tensors` into those of
// `own`.
void copy_tensors(const TensorMap& own, const TensorMap& tensors, const std::string& what);

// Makes `tensors` the module's own, in place of what it was built with, one at a time: on `device`
// and, where the module has floating-point numbers, in `dtype`. A tensor that is there already in
// that form is shared, not copied, so weights mapped from a file stay in the file until they are
// used. Names and shapes are checked as by load_state_dict().
void adopt_state_dict(torch::nn::Module& module, const TensorMap& tensors, c10::Device device,
                      c10::ScalarType dtype, const std::string& what);

// The number of elements of all parameters.
int64_t count_parameters(const torch::nn::Module& module);

// Whether any parameter of the module requires a gradient.
bool trains(const torch::nn::Module& module);

}  // namespace sana::model
