// What of a set of named tensors does not fit a model, in one message.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/safetensors.h"

namespace sana {

using ShapeMap = std::map<std::string, std::vector<int64_t>>;

ShapeMap shapes_of(const TensorMap& tensors);
ShapeMap shapes_of(const TensorList& tensors);

// Missing, unexpected and differently shaped names of `given`, at most ten of each spelled out;
// empty when it fits.
std::string describe_misfit(const ShapeMap& expected, const ShapeMap& given);

// Throws one UserError with all of it unless `given` fits. `what` names the source.
void check_shapes(const ShapeMap& expected, const ShapeMap& given, const std::string& what);

}  // namespace sana
