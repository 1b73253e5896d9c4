// Clips that are decoded when they are read, straight from videos, images and shards: for sets that
// are not worth preparing, or that change.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "data/clips/clip_config.h"
#include "data/clips/clip_plan.h"
#include "data/dataset.h"
#include "data/drop_report.h"
#include "data/hdr_count.h"
#include "data/source/source_list.h"

namespace sana::data {

struct ClipDatasetConfig {
  std::filesystem::path source;
  std::string only = "all";    // or videos, or images
  bool needs_captions = true;  // clips without one are left out
  int64_t num_workers = 2;     // threads that look through the files
  ClipConfig clips;
};

class ClipDataset final : public Dataset {
 public:
  // Lists `source` as `prepare` does and looks through every file once, without decoding, for the
  // clips that it gives. Throws UserError when no clip is usable, EnvironmentError when this build
  // cannot decode.
  ClipDataset(const ClipDatasetConfig& config, ProgressSink& progress);

  Kind kind() const override { return Kind::kPixels; }
  int64_t size() const override { return static_cast<int64_t>(infos_.size()); }
  const SampleInfo& info(int64_t index) const override;
  double fps() const override { return config_.clips.fps; }
  const std::string& fingerprint() const override { return fingerprint_; }
  // The pixels that `prepare` would store.
  Sample sample(int64_t index) const override;
  Sample like(int64_t index) const override;

  // Files of the source, and those of them that gave no clip.
  int64_t num_listed() const { return static_cast<int64_t>(items_.size()); }
  const DropReport& unused() const { return unused_; }
  // Of its clips.
  const HdrCount& hdr() const { return hdr_; }

 private:
  struct Planned {
    ClipPlan plan;
    std::optional<media::UnusedClip> problem;
  };
  Planned plan_item(const SourceItem& item) const;
  void add_item(size_t index, const Planned& planned);
  void check_counts() const;

  ClipDatasetConfig config_;
  ClipSettings settings_;
  std::vector<SourceItem> items_;
  std::vector<SampleInfo> infos_;
  std::vector<size_t> item_of_;     // by sample
  std::vector<PlannedClip> clips_;  // by sample; of images empty
  DropReport unused_;
  HdrCount hdr_;
  std::string fingerprint_;
};

}  // namespace sana::data
