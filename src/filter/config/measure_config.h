// How closely videos are looked at. Changing it means measuring again.
#pragma once
#include "core/config/checks.h"

namespace sana::filter {

struct MeasureConfig {
  double pictures_per_s = 2;
  double flows_per_s = 4;

  template <class Binder>
  void bind(Binder& b) {
    b.field("pictures_per_s", pictures_per_s,
            "Full-size pictures looked at per second, for sharpness, borders, text and copies.",
            config::between(0.1, 30.0));
    b.field("flows_per_s", flows_per_s, "Pairs of pictures per second whose motion is measured.",
            config::between(0.1, 30.0));
  }
};

}  // namespace sana::filter
