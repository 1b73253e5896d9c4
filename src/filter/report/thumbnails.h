// Small JPEGs of the shots, kept in files so that the report needs no decoder.
#pragma once
#include <filesystem>
#include <string>

namespace sana::filter {

class Thumbnails {
 public:
  // <output>/thumbnails
  explicit Thumbnails(const std::filesystem::path& output);

  // Thread-safe. Throws EnvironmentError with the reason.
  void put(const std::string& video_id, size_t shot, const std::string& jpeg) const;
  // Empty when there is none.
  std::string get(const std::string& video_id, size_t shot) const;

 private:
  std::filesystem::path file(const std::string& video_id, size_t shot) const;

  std::filesystem::path folder_;
};

}  // namespace sana::filter
