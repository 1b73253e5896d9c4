// Recognises the public weights that go with the transformers.
#pragma once
#include <string>

#include "core/shape_map.h"

namespace sana::checkpoints {

// "Wan VAE, original names", "Gemma-2 text encoder", ...; empty when the names tell nothing.
std::string known_weights(const ShapeMap& shapes);

}  // namespace sana::checkpoints
