// Recognises the public weights that go with the transformers.
#pragma once
#include <string>

#include "model/weights/state_dict_check.h"

namespace sana::model {

// "Wan VAE, original names", "Gemma-2 text encoder", ...; empty when the names tell nothing.
std::string known_weights(const ShapeMap& shapes);

}  // namespace sana::model
