// Counts the floating point operations of networks from the shapes that run.
#pragma once
#include <cstdint>
#include <functional>

namespace sana {

// Operations of the matrix products, convolutions and attentions that this thread runs in `body`, a
// multiplication and an addition being two. `body` may compute on the meta device, where nothing is
// multiplied; operations of our networks that LibTorch knows no shapes for are given them there.
// What autograd runs later is not seen.
int64_t count_flops(const std::function<void()>& body);

}  // namespace sana
