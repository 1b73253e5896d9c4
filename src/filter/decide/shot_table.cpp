#include "filter/decide/shot_table.h"

#include "core/error.h"

namespace sana::filter {

ShotTable::ShotTable(std::vector<std::string> score_names) : names_(std::move(score_names)) {
  for (size_t i = 0; i < names_.size(); ++i) columns_[names_[i]] = i;
}

void ShotTable::add(const VideoRecord& record, std::map<std::string, std::string> captions,
                    const std::map<std::string, double>& extra) {
  if (record.shots.empty()) return;
  const auto video = int64_t(videos_.size());
  videos_.push_back({record.file, record.width, record.height, record.fps, std::move(captions)});
  for (const ShotRecord& shot : record.shots) {
    const int64_t index = &shot - record.shots.data();
    shots_.push_back({video, index, shot.start_s, shot.end_s, shot.frames, shot.crop, shot.hash});
    const size_t row = values_.size();
    values_.resize(row + names_.size(), std::numeric_limits<double>::quiet_NaN());
    for (const auto* scores : {&shot.scores, &extra}) {
      for (const auto& [name, value] : *scores) {
        const auto found = columns_.find(name);
        if (found != columns_.end()) values_[row + found->second] = value;
      }
    }
  }
}

std::string ShotTable::id(int64_t i) const {
  return fmt::format("{}#{}", video_of(i).file.id, shot(i).index);
}

size_t ShotTable::column(const std::string& name) const {
  const auto found = columns_.find(name);
  SANA_ASSERT(found != columns_.end());
  return found->second;
}

std::vector<ShotHash> ShotTable::hashes() const {
  std::vector<ShotHash> hashes;
  hashes.reserve(shots_.size());
  for (const Shot& shot : shots_) hashes.push_back(shot.hash);
  return hashes;
}

}  // namespace sana::filter
