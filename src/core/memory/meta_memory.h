// Counts the memory that tensors would take, without taking it: the networks run on LibTorch's meta
// device, whose tensors have shapes but no data.
#pragma once
#include <cstdint>
#include <functional>

namespace sana {

// Scratch memory of the matrix library, which it takes with its first product and keeps.
constexpr int64_t kMatrixWorkspaceBytes = int64_t(32) << 20;

// Highest sum of bytes of the meta tensors that live at once while `body` runs, counting only those
// that it makes. Operations of our networks that LibTorch knows no shapes for are given them here.
// One call at a time in the process.
int64_t peak_meta_bytes(const std::function<void()>& body);

}  // namespace sana
