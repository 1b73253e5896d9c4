// Any bytes as a .safetensors file: a UserError, or tensors that lie inside it.
#include "core/error.h"
#include "core/safetensors.h"
#include "in_memory.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const sana::SafetensorsFile file("fuzz.safetensors", sana_fuzz::in_memory(data, size));
    for (const auto& [name, tensor] : file.tensors()) sana_fuzz::touch(tensor);
  } catch (const sana::UserError&) {
  }
  return 0;
}
