#include "model/text_encoder/encoder_folder.h"

#include <cstdlib>
#include <system_error>

#include "core/build_config.h"

namespace sana::model {
namespace fs = std::filesystem;

std::vector<fs::path> text_encoder_candidates(const TextEncoderConfig& config) {
  if (!config.path.empty()) return {config.path};
  const char* variable = std::getenv("SANA_TEXT_ENCODER_DIR");
  if (variable != nullptr && *variable != '\0') return {variable};
  const fs::path relative = fs::path("third_party") / config.name;
  std::vector<fs::path> folders = {fs::path(SANA_SOURCE_ROOT) / relative};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path home = program.parent_path();
    folders.push_back((home / ".." / ".." / relative).lexically_normal());
    folders.push_back(home / relative);
  }
  return folders;
}

}  // namespace sana::model
