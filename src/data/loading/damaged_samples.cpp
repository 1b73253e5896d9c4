#include "data/loading/damaged_samples.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/json_dump.h"
#include "core/json_object.h"
#include "core/log.h"
#include "data/line_file.h"

namespace sana::data {

DamagedSamples::DamagedSamples(DamageLimit limit, int64_t num_samples)
    : limit_(std::move(limit)), num_samples_(num_samples) {
  if (!limit_.list.empty()) read_list();
}

void DamagedSamples::read_list() {
  std::ifstream file(limit_.list);
  for (std::string line; std::getline(file, line);) {
    const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!entry.is_object()) continue;
    const JsonObject sample(entry, limit_.list.string());
    if (!sample.holds<std::string>("data") || !sample.holds<std::string>("id")) continue;
    if (sample.required<std::string>("data") == limit_.key) {
      listed_.insert(sample.required<std::string>("id"));
    }
  }
}

void DamagedSamples::add(int64_t index, const std::string& id, const media::UnusableClip& problem) {
  const std::lock_guard guard(lock_);
  if (!indices_.insert(index).second) return;
  const media::UnusedClip clip = problem.record(id);
  log::warning("{}: {} cannot be read and is replaced ({}: {}) -> {}", limit_.key, id, clip.reason,
               clip.detail, clip.remedy);
  if (!limit_.list.empty() && listed_.insert(id).second) {
    const nlohmann::ordered_json line = {{"data", limit_.key},
                                         {"id", id},
                                         {"reason", clip.reason},
                                         {"detail", clip.detail},
                                         {"remedy", clip.remedy}};
    append_to_file(limit_.list, dump_json(line) + "\n",
                   /*sync=*/true);
  }
  const auto count = static_cast<int64_t>(indices_.size());
  const double allowed = std::ceil(limit_.max_share * static_cast<double>(num_samples_));
  require(
      static_cast<double>(count) <= allowed,
      "{}: {} of {} samples cannot be read, and data.max_damaged ({:g}) allows {:g}; the last is "
      "{} ({}: {}).{} Is the disk there? {}, or raise data.max_damaged.",
      limit_.key, count, num_samples_, limit_.max_share, allowed, id, clip.reason, clip.detail,
      limit_.list.empty() ? "" : " All are in " + limit_.list.string() + ".", clip.remedy);
}

bool DamagedSamples::contains(int64_t index) const {
  const std::lock_guard guard(lock_);
  return indices_.count(index) != 0;
}

int64_t DamagedSamples::size() const {
  const std::lock_guard guard(lock_);
  return static_cast<int64_t>(indices_.size());
}

}  // namespace sana::data
