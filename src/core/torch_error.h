// What an exception of LibTorch means to us.
#pragma once
#include <c10/util/Exception.h>

#include <string>

namespace sana {

// Its message without the advice for LibTorch's own developers that follows the first line.
std::string short_text(const c10::Error& error);

// Host or device has no memory left; the CPU's allocator has no type for it.
bool is_out_of_memory(const c10::Error& error);

// The device or the network failed, not the program: another try may go well.
bool is_fault_of_machine(const c10::Error& error);

}  // namespace sana
