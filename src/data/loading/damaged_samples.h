// The account of samples that training could not read: each is replaced by another, counted, and
// written to a list.
#pragma once
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>

#include "media/unusable.h"

namespace sana::data {

struct DamageLimit {
  std::string key = "data.videos";  // of the data set, for messages
  double max_share = 0.05;          // of its samples; more stop the run
  std::filesystem::path list;       // JSONL; empty: none is written
};

class DamagedSamples {
 public:
  // `num_samples`: of the data set. Samples that the list names already are not listed again.
  DamagedSamples(DamageLimit limit, int64_t num_samples);

  // Warns and appends {data, id, reason, detail, remedy} to the list when the sample is new.
  // Thread-safe. Throws UserError when too many are damaged, EnvironmentError when the list cannot
  // be written.
  void add(int64_t index, const std::string& id, const media::UnusableClip& problem);
  bool contains(int64_t index) const;
  // Different samples of this process.
  int64_t size() const;

 private:
  void read_list();

  DamageLimit limit_;
  int64_t num_samples_;
  mutable std::mutex lock_;  // of what follows
  std::set<int64_t> indices_;
  std::set<std::string> listed_;  // ids
};

}  // namespace sana::data
