// The report as data: funnels, histograms, contact sheets and totals.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "filter/config/filter_config.h"
#include "filter/decide/shot_table.h"
#include "filter/decide/verdict.h"
#include "filter/report/thumbnails.h"

namespace sana::filter {

// Files that gave no shot, by reason.
struct UnusableFiles {
  struct Group {
    int64_t count = 0;
    media::UnusedClip example;  // the first by id
  };
  std::map<std::string, Group> by_reason;
  int64_t count = 0;

  void add(const media::UnusedClip& clip);
};

struct ReportInput {
  std::string name;  // of the data set
  int64_t files = 0;
  UnusableFiles unusable;
};

// Everything but the pictures; a pure function of its arguments.
nlohmann::ordered_json report_data(const ReportInput& input, const ShotTable& table,
                                   const std::vector<Verdict>& verdicts,
                                   const FilterConfig& config);

// The same with the pictures of the contact sheets as data URIs.
nlohmann::ordered_json with_pictures(nlohmann::ordered_json report, const Thumbnails& thumbnails);

}  // namespace sana::filter
