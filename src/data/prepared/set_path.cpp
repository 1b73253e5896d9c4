#include "data/prepared/set_path.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/text.h"

namespace sana::data {
namespace fs = std::filesystem;

std::string complaint_of_name(const std::string& name) {
  const fs::path path = path_from_text(name);
  if (path.native().find('\0') != std::string::npos) return "holds a zero byte";
  if (!path.has_filename()) return "names no file";
  if (path.is_absolute()) return "is absolute";
  for (const fs::path& part : path) {
    if (part == "." || part == "..") return "leads through " + part.string();
  }
  return "";
}

fs::path find_in_set(const fs::path& folder, const std::string& name) {
  const fs::path path = folder / path_from_text(name);
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  const fs::path real = error ? fs::path() : fs::canonical(path, error);
  require(!error && fs::is_regular_file(real, error),
          "{}: missing, or not a file; copy it again, or prepare the data set again",
          path.string());
  const auto [in_root, in_real] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  require(in_root == root.end(),
          "{}: it is a link to {}, out of the data set's folder, which is not followed; put the "
          "file itself there (cp -L)",
          path.string(), real.string());
  return path;
}

}  // namespace sana::data
