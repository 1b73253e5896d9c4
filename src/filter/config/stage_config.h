// What a training stage asks of its clips.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "data/source/manifest_line.h"

namespace sana::filter {

// A score must lie in [min, max].
struct CriterionConfig {
  std::string score;
  std::optional<double> min, max;

  template <class Binder>
  void bind(Binder& b) {
    b.required("score", score, "Name of the score; `sana-video filter --list-scores` names all.");
    b.field("min", min, "Smallest value that is kept; null: any.");
    b.field("max", max, "Largest value that is kept; null: any.");
  }
  void validate(config::Problems& problems) const;
};

struct CaptionConfig {
  std::string source;
  double weight = 1;

  template <class Binder>
  void bind(Binder& b) {
    b.required("source", source,
               "txt (a.txt beside a.mp4), prompt (of a.json) or the name of a sidecar file.");
    b.field("weight", weight, "Of the captions that a clip has, each is drawn by its weight.",
            config::at_least(0.0));
  }
};

struct StageConfig {
  std::string name;
  std::string preset;
  std::vector<CriterionConfig> criteria;
  std::vector<CaptionConfig> captions;
  bool needs_caption = false;
  double weight = 1;

  template <class Binder>
  void bind(Binder& b) {
    b.required("name", name, "Of its manifest, stage-<name>.jsonl.");
    b.field("preset", preset,
            "Criteria to begin with: none, 256p, 480p, 720p or quality. Empty: none.",
            config::one_of({"", "none", "256p", "480p", "720p", "quality"}));
    b.field("criteria", criteria,
            "In the order of the report. One of the preset's scores replaces its bounds.");
    b.field("captions", captions, "Caption sources; empty: whatever a clip has, alike.");
    b.field("needs_caption", needs_caption,
            "Clips without a caption of these sources are left out.");
    b.field("weight", weight, "Sampling weight of its clips, for training on several manifests.",
            data::WeightRange{});
  }
  void validate(config::Problems& problems) const;

  // The preset's criteria with those of `criteria` in their place or behind them.
  std::vector<CriterionConfig> all_criteria() const;
};

}  // namespace sana::filter
