#include "filter/report/thumbnails.h"

#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"

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
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary);
  out.write(jpeg.data(), std::streamsize(jpeg.size()));
  out.close();
  if (error || !out) throw EnvironmentError(path.string() + ": cannot be written");
}

std::string Thumbnails::get(const std::string& video_id, size_t shot) const {
  const fs::path path = file(video_id, shot);
  return fs::exists(path) ? read_text_file(path) : "";
}

}  // namespace sana::filter
