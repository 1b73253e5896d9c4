// Where a run stands, apart from the tensors: trainer.json of a checkpoint.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/batch.h"

namespace sana::train {

// Since 2 a run is a list of modules and of data streams, batches are planned over all processes,
// and no state of random numbers is kept. Runs of format 1 are not gone on with.
inline constexpr int64_t kRunFormat = 2;
inline constexpr const char* kLastVersionOfFormat1 = "0.1.0";

// What fixes the order of one stream of batches; a position only means something together with it.
struct OrderKey {
  std::string fingerprint;   // of the data set
  int64_t global_batch = 0;  // samples of a step, over all processes and micro-steps
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
  int64_t skipped = 0;                         // steps whose loss or gradient was not finite
  std::string stage;                           // of a run that has several; else empty
  std::map<std::string, StreamState> streams;  // by name
  std::vector<std::string> modules;            // whose tensors lie beside this

  nlohmann::ordered_json to_json() const;
  // Throws UserError naming `what` when it is of another format, which names the program that goes
  // on with it, or when a field is missing or of another type.
  static TrainerState from_json(const nlohmann::json& json, const std::string& what);
};

}  // namespace sana::train
