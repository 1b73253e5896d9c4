// Any bytes as the config.json of a public checkpoint: a UserError, or a valid configuration.
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "checkpoints/public/transformer_public.h"
#include "checkpoints/public/wan_vae_public.h"
#include "core/error.h"
#include "core/json_file.h"

namespace {

// A file that has a path, but no disk.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* data, size_t size) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || ::write(descriptor_, data, size) != static_cast<ssize_t>(size)) {
      throw std::runtime_error("cannot write a file in memory");
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

template <class Read>
void expect_user_error(Read&& read) {
  try {
    read();
  } catch (const sana::UserError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const MemoryFile file(data, size);
  nlohmann::json json;
  expect_user_error([&] { json = sana::read_json_file(file.path()); });
  using namespace sana::checkpoints;
  expect_user_error([&] { sana_video_config_from_diffusers(json, "config.json"); });
  expect_user_error([&] { sana_image_config_from_diffusers(json, "config.json"); });
  expect_user_error([&] { wan_vae_config_from_diffusers(json, "config.json"); });
  // What is not computed here can still be written as it was read.
  expect_user_error([&] { to_json(transformer_config_from_diffusers(json, "config.json")); });
  return 0;
}
