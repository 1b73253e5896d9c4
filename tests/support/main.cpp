// Entry point of every test executable: logging off, then Catch2.
#define CATCH_CONFIG_RUNNER
#include "core/device.h"
#include "core/log.h"
#include "support/catch.h"

int main(int argc, char** argv) {
  sana::log::initialize({.level = sana::log::Level::kOff, .file = {}});
  sana::use_full_float32();
  // Catch2 2 returns how many assertions failed, which must not be taken for a code of its own.
  return Catch::Session().run(argc, argv) == 0 ? 0 : 1;
}
