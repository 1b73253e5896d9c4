// Many videos at once.
#pragma once
#include <vector>

#include "core/progress.h"
#include "filter/config/filter_config.h"
#include "filter/record/score_store.h"
#include "filter/report/thumbnails.h"

namespace sana::filter {

// Measures what the store has not, on config.num_workers threads, one video each. False when a
// signal asked to stop; what was finished is in the store. Throws UserError when a learned score
// cannot be computed, EnvironmentError when a disk fails; a damaged video is a record, no error.
bool measure_all(const FilterConfig& config, const std::vector<VideoFile>& videos,
                 const std::string& measured_with, ScoreStore& store, const Thumbnails& thumbnails,
                 ProgressSink& progress);

}  // namespace sana::filter
