// Where a run stands, apart from the tensors.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "data/batch.h"

namespace sana::train {

// What fixes the order of one stream of batches; a position only means something together with it.
struct OrderKey {
  std::string fingerprint;  // of the data set
  int64_t batch_size = 0;
  int64_t seed = 0;
  bool operator==(const OrderKey&) const = default;
};

struct StreamState {
  OrderKey order;
  data::Position position;
};

struct TrainerState {
  int64_t step = 0;  // optimizer steps done, skipped ones included
  int64_t samples_seen = 0;
  int64_t skipped = 0;  // steps whose loss or gradient was not finite
  StreamState videos, images;

  nlohmann::ordered_json to_json() const;
  // Throws UserError naming `what` when a field is missing or of another type.
  static TrainerState from_json(const nlohmann::json& json, const std::string& what);
};

}  // namespace sana::train
