// How videos are cut into shots.
#pragma once
#include <optional>
#include <string>

#include "core/config/checks.h"
#include "core/config/problems.h"

namespace sana::filter {

struct ShotConfig {
  double cut_ratio = 2.5;
  double min_change = 15.0;
  double window_s = 0.25;
  double flat_deviation = 2.5;
  double trim_s = 0.1;
  double max_s = 0.0;

  template <class Binder>
  void bind(Binder& b) {
    using config::between;
    b.field("cut_ratio", cut_ratio,
            "A cut changes the content this many times as much as the frames around it.",
            between(1.0, 100.0));
    b.field("min_change", min_change,
            "And at least so much: mean difference of hue, saturation, value and edges, of 255.",
            between(0.0, 255.0));
    b.field("window_s", window_s, "Seconds on each side that count as around it.",
            between(0.05, 5.0));
    b.field("flat_deviation", flat_deviation,
            "A frame whose luma deviates less than this (of 255) is empty: the bottom of a fade. "
            "Shots end there, and the fade itself is trimmed.",
            between(0.0, 64.0));
    b.field("trim_s", trim_s, "Seconds left out on both sides of a cut.", between(0.0, 10.0));
    b.field("max_s", max_s,
            "Longer shots are divided into equal parts of at most this length; 0: never.",
            between(0.0, 86400.0));
  }
};

}  // namespace sana::filter
