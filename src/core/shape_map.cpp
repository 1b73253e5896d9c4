#include "core/shape_map.h"

#include "core/error.h"
#include "core/shape.h"

namespace sana {
namespace {

// "3 missing names:\n    a\n    b\n    c\n" with at most ten names spelled out.
std::string listing(const std::vector<std::string>& names, const std::string& kind) {
  if (names.empty()) return "";
  std::string text = fmt::format("\n  {} {}:", names.size(), kind);
  for (size_t i = 0; i < names.size() && i < 10; ++i) text += "\n    " + names[i];
  if (names.size() > 10) text += fmt::format("\n    ... and {} more", names.size() - 10);
  return text;
}

}  // namespace

ShapeMap shapes_of(const TensorMap& tensors) {
  ShapeMap shapes;
  for (const auto& [name, tensor] : tensors) shapes[name] = tensor.sizes().vec();
  return shapes;
}

ShapeMap shapes_of(const TensorList& tensors) {
  ShapeMap shapes;
  for (const LazyTensor& tensor : tensors) shapes[tensor.name] = tensor.shape;
  return shapes;
}

std::string describe_misfit(const ShapeMap& expected, const ShapeMap& given) {
  std::vector<std::string> missing, unexpected, mismatched;
  for (const auto& [name, shape] : expected) {
    const auto found = given.find(name);
    if (found == given.end()) {
      missing.push_back(name);
    } else if (found->second != shape) {
      mismatched.push_back(fmt::format("{} is {}, the model has {}", name,
                                       shape_string(found->second), shape_string(shape)));
    }
  }
  for (const auto& [name, shape] : given) {
    if (expected.count(name) == 0) unexpected.push_back(name);
  }
  return listing(missing, "missing") + listing(unexpected, "unexpected") +
         listing(mismatched, "of another shape");
}

void check_shapes(const ShapeMap& expected, const ShapeMap& given, const std::string& what) {
  const std::string misfit = describe_misfit(expected, given);
  require(misfit.empty(),
          "{} does not fit this model{}\n  Use the checkpoint's own configuration, or another "
          "checkpoint.",
          what, misfit);
}

}  // namespace sana
