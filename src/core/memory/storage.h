// Memory of a tensor that is given back and taken anew while the tensor lives: its views, and what
// autograd kept of it, see what is there later.
#pragma once
#include <ATen/core/Tensor.h>

namespace sana {

// Gives the memory back. Nobody may read the tensor or a view of it before restore_storage(): there
// is nothing. Kernels that were queued on the current stream before still find it.
void release_storage(const at::Tensor& tensor);

// Takes as much memory as the elements of `tensor`, which begin at its storage, need; its content
// is undefined. Of a tensor that was released.
void restore_storage(const at::Tensor& tensor);

}  // namespace sana
