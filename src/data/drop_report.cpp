#include "data/drop_report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/json_dump.h"

namespace sana::data {

void DropReport::write(const std::filesystem::path& file) const {
  std::string lines;
  for (const media::UnusedClip& clip : clips_) {
    const nlohmann::ordered_json line = {
        {"id", clip.id}, {"reason", clip.reason}, {"detail", clip.detail}, {"remedy", clip.remedy}};
    lines += dump_json(line) + "\n";
  }
  write_file_atomically(file, lines);
}

std::string DropReport::summary(int64_t listed, int64_t samples, int64_t buckets) const {
  const auto unused = static_cast<int64_t>(clips_.size());
  std::string text =
      fmt::format("data: {} clips listed -> {} usable, {} samples in {} bucket{}", listed,
                  listed - unused, samples, buckets, buckets == 1 ? "" : "s");
  std::map<std::string, std::vector<const media::UnusedClip*>> groups;
  for (const media::UnusedClip& clip : clips_) groups[clip.reason].push_back(&clip);
  std::vector<std::pair<std::string, std::vector<const media::UnusedClip*>>> sorted(groups.begin(),
                                                                                    groups.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  for (const auto& [reason, clips] : sorted) {
    const media::UnusedClip& first = *clips.front();
    text += fmt::format("\n  {:>4}  {} ({}{}: {}) -> {}", clips.size(), reason,
                        clips.size() > 1 ? "such as " : "", first.id, first.detail, first.remedy);
  }
  return text;
}

}  // namespace sana::data
