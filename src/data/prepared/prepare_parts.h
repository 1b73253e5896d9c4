// A data set that several processes make together: each its share, one of them joins the shares.
// Nothing outside this folder needs it.
//
//   <output>/parts/1-of-4/   the share of rank 1: a data set of its own
//   <output>/parts/source_hashes.jsonl   what each has read of the source (content_hashes.h)
//   <output>/dataset.json    of the whole; its shards and samples lie in the parts
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/launch_rank.h"
#include "core/progress.h"
#include "data/drop_report.h"
#include "data/prepared/clip_source.h"
#include "data/prepared/dataset_file.h"

namespace sana::data {

inline constexpr const char* kUnusedFile = "unused_clips.jsonl";

// Every ranks.count-th clip of a source, beginning with number ranks.rank.
class PartSource : public ClipSource {
 public:
  PartSource(const ClipSource& whole, const LaunchRank& ranks) : whole_(whole), ranks_(ranks) {}

  int64_t size() const override {
    return (whole_.size() - ranks_.rank + ranks_.count - 1) / ranks_.count;
  }
  const std::string& id(int64_t index) const override { return whole_.id(in_whole(index)); }
  const std::string& caption(int64_t index) const override {
    return whole_.caption(in_whole(index));
  }
  double weight(int64_t index) const override { return whole_.weight(in_whole(index)); }
  std::vector<SourceClip> read(int64_t index) const override {
    return whole_.read(in_whole(index));
  }
  nlohmann::ordered_json settings() const override;
  const std::string& hash() const override { return whole_.hash(); }
  bool is_part() const override { return true; }

 private:
  int64_t in_whole(int64_t index) const { return ranks_.rank + index * ranks_.count; }

  const ClipSource& whole_;
  LaunchRank ranks_;
};

std::filesystem::path part_folder(const std::filesystem::path& output, const LaunchRank& ranks);

// Throws UserError when the folder was begun by another number of processes.
void check_same_ranks(const std::filesystem::path& output, const LaunchRank& ranks);

// Until every part is complete. False when a signal asked to stop.
bool wait_for_parts(const std::filesystem::path& output, int64_t count, ProgressSink& progress);

// Fills shards, samples (in the order of `source`), unused and null_text_hash of `dataset` from the
// parts, and puts null_text.h5 beside it. Throws UserError when a part is damaged.
void merge_parts(const std::filesystem::path& output, int64_t count, const ClipSource& source,
                 DatasetFile& dataset);

// What the parts could not use, sorted by id.
DropReport read_unused(const std::filesystem::path& output);

}  // namespace sana::data
