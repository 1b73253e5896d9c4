#include <dlfcn.h>

#include <filesystem>

#include "core/environment.h"
#include "core/error.h"
#include "filter/module/opencv_module.h"

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFile = "libsana_opencv.so";

// Beside the program; above it, where the tests are; or in lib/ of an installed program.
fs::path find_file() {
  const fs::path folder = program_file().parent_path();
  const fs::path above = folder.parent_path();
  for (const fs::path& place : {folder, above, above / "lib"}) {
    if (fs::exists(place / kFile)) return place / kFile;
  }
  throw EnvironmentError(
      fmt::format("{} is not in {}, where it is built: build again, or copy it along with the "
                  "program",
                  kFile, folder.string()));
}

OpencvModule load() {
  const fs::path file = find_file();
#if defined(__SANITIZE_ADDRESS__)
  constexpr int kOwnSymbolsFirst = 0;  // AddressSanitizer refuses it; its programs have no protobuf
#else
  constexpr int kOwnSymbolsFirst = RTLD_DEEPBIND;
#endif
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | kOwnSymbolsFirst);
  if (handle == nullptr) {
    throw EnvironmentError(fmt::format("{} cannot be loaded: {}", file.string(), ::dlerror()));
  }
  using Entry = void (*)(OpencvModule*);
  const auto entry = reinterpret_cast<Entry>(::dlsym(handle, "sana_opencv_module"));
  if (entry == nullptr) throw EnvironmentError(file.string() + ": of another build; build again");
  OpencvModule module;
  entry(&module);
  return module;
}

}  // namespace

const OpencvModule& opencv_module() {
  static const OpencvModule module = load();
  return module;
}

}  // namespace sana::filter
