#include "core/path_inside.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/text.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

// Both canonical.
bool is_below(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

fs::path path_inside(const fs::path& folder, const std::string& name, const std::string& who) {
  const fs::path relative = path_from_text(name);
  const bool goes_up = std::find(relative.begin(), relative.end(), "..") != relative.end();
  require(!name.empty() && relative.is_relative() && !goes_up,
          "{}: '{}' is no name inside its folder (no absolute path and no '..' is followed)", who,
          name);
  std::error_code error;
  const fs::path home = fs::canonical(folder, error);
  const fs::path real = error ? fs::path() : fs::weakly_canonical(folder / relative, error);
  require(!error && is_below(real, home), "{}: '{}' leads out of its folder through a link", who,
          name);
  return folder / relative;
}

bool stays_inside(const fs::path& folder, const fs::path& path) {
  std::error_code error;
  fs::path home = fs::canonical(folder, error);
  if (error) return false;
  const fs::path real = fs::canonical(path, error);
  if (error) return false;
  if (is_below(real, home)) return true;
  for (; home.has_relative_path(); home = home.parent_path()) {
    const fs::path snapshots = home.parent_path();
    if (snapshots.filename() != "snapshots") continue;
    return real.parent_path() == snapshots.parent_path() / "blobs" && fs::is_regular_file(real);
  }
  return false;
}

}  // namespace sana
