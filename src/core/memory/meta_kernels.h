// Shapes of the results of operations that LibTorch's C++ library has no meta kernel for.
#pragma once

namespace sana {

// Makes them known to LibTorch; the first call does it. They stand for the kernels that a GPU runs,
// so results and what lives beside them take the memory that they take there. Those of the
// transformers and of the Wan VAE have gradients, too.
void register_meta_kernels();

}  // namespace sana
