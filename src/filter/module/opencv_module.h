// What this program uses of OpenCV's video and dnn libraries, as a module that is loaded when it is
// needed.
//
// Both bring Debian's protobuf. LibTorch and SentencePiece each carry another protobuf inside,
// whose symbols win when all stand in one program: it crashes before main(). Loaded later, with
// RTLD_DEEPBIND, the module sees its own. Hence plain C at the border.
#pragma once
#include <cstdint>

namespace sana::filter {

struct OpencvModule {
  // Dense inverse search (Kroeger et al. 2016), preset "ultra fast" with that many rounds of
  // refinement; see cv::DISOpticalFlow. Never null.
  void* (*open_flow)(int patch_size, int refinements) = nullptr;
  // Both pictures [rows, columns] uint8 without gaps; flow [rows, columns, 2] float32, pixels.
  // Returns 0, or -1 with the reason in `error`.
  int (*run_flow)(void* search, int finest_scale, const uint8_t* before, const uint8_t* after,
                  int rows, int columns, float* flow, char* error, int64_t error_bytes) = nullptr;
  void (*close_flow)(void* search) = nullptr;

  // An ONNX network, or null with the reason in `error`.
  void* (*open_net)(const char* file, char* error, int64_t error_bytes) = nullptr;
  // Runs it on [1, 3, height, width] and writes up to `capacity` numbers. Returns how many there
  // are, or -1 with the reason in `error`.
  int64_t (*run_net)(void* net, const float* input, int height, int width, float* output,
                     int64_t capacity, char* error, int64_t error_bytes) = nullptr;
  void (*close_net)(void* net) = nullptr;
};

// Loaded with the first call; it stays, since its libraries do not like to be unloaded.
// Thread-safe. Throws EnvironmentError when it is not beside the program.
const OpencvModule& opencv_module();

}  // namespace sana::filter
