// The account of every clip that is not used.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "media/unusable.h"

namespace sana::data {

class DropReport {
 public:
  void add(media::UnusedClip clip) { clips_.push_back(std::move(clip)); }
  const std::vector<media::UnusedClip>& clips() const { return clips_; }

  // One JSON object per line: id, reason, detail, remedy. Throws EnvironmentError.
  void write(const std::filesystem::path& file) const;

  // "1,284 clips listed -> 1,201 usable ..." and a line for each reason, the most frequent first,
  // with one clip as an example and the remedy.
  std::string summary(int64_t listed, int64_t samples, int64_t buckets) const;

 private:
  std::vector<media::UnusedClip> clips_;
};

}  // namespace sana::data
