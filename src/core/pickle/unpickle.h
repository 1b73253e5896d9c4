// Pickles of torch.save, interpreted without building any Python object.
#pragma once
#include <string_view>

#include "core/pickle/objects.h"

namespace sana::pickle {

// The value of a pickle of protocol 2 to 5. Texts are views into `bytes`, everything else lies in
// `arena`; lists and dicts may occur several times and even inside themselves. Throws UserError: an
// object that a checkpoint may not hold (by its full name), a truncated or malformed pickle.
Value unpickle(std::string_view bytes, Arena& arena);

}  // namespace sana::pickle
