#include "filter/report/thumbnails.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/plain_file.h"

namespace sana::filter {
namespace fs = std::filesystem;

Thumbnails::Thumbnails(const fs::path& output) : folder_(output / "thumbnails") {}

// Two levels, so that no folder has a hundred thousand entries.
fs::path Thumbnails::file(const std::string& video_id, size_t shot) const {
  const std::string hash = hash_text(video_id);
  return folder_ / hash.substr(0, 2) / fmt::format("{}-{}.jpg", hash.substr(2, 14), shot);
}

void Thumbnails::put(const std::string& video_id, size_t shot, const std::string& jpeg) const {
  const fs::path path = file(video_id, shot);
  const auto fail = [&](const std::string& reason) {
    throw EnvironmentError(fmt::format("cannot write '{}': {}", path.string(), reason));
  };
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) fail(error.message());
  const Descriptor out(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (out.get() < 0) fail(std::strerror(errno));
  for (std::string_view rest = jpeg; !rest.empty();) {
    const ssize_t count = ::write(out.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(std::strerror(count < 0 ? errno : ENOSPC));
    rest.remove_prefix(size_t(count));
  }
}

std::string Thumbnails::get(const std::string& video_id, size_t shot) const {
  const fs::path path = file(video_id, shot);
  return fs::exists(path) ? read_text_file(path) : "";
}

}  // namespace sana::filter
