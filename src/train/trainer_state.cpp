#include "train/trainer_state.h"

#include "core/error.h"
#include "core/json_object.h"

namespace sana::train {
namespace {

nlohmann::ordered_json stream_json(const StreamState& stream) {
  return {{"fingerprint", stream.order.fingerprint},
          {"batch_size", stream.order.batch_size},
          {"seed", stream.order.seed},
          {"epoch", stream.position.epoch},
          {"cursor", stream.position.cursor}};
}

// A number that no run reaches: sums with it stay in range.
constexpr int64_t kMost = int64_t(1) << 53;

// From 0 to `most`, of 64 bits, unlike JsonObject's integers.
int64_t count_at(const nlohmann::json& json, const JsonObject& object, const char* key,
                 int64_t most = kMost) {
  const auto found = json.find(key);
  const bool is_whole = found != json.end() && found->is_number_integer();
  const int64_t value = is_whole ? found->get<int64_t>() : -1;
  if (value < 0 || value > most) object.refuse(key, fmt::format("an integer from 0 to {}", most));
  return value;
}

StreamState read_stream(const nlohmann::json& parent, const char* key, const JsonObject& whole) {
  const auto object = whole.object(key);
  if (!object) whole.refuse(key, "an object");
  const nlohmann::json& json = parent.at(key);
  StreamState stream;
  stream.order.fingerprint = object->required<std::string>("fingerprint");
  stream.order.batch_size = count_at(json, *object, "batch_size");
  stream.order.seed = count_at(json, *object, "seed", INT64_MAX);
  stream.position.epoch = count_at(json, *object, "epoch");
  stream.position.cursor = count_at(json, *object, "cursor");
  return stream;
}

}  // namespace

nlohmann::ordered_json TrainerState::to_json() const {
  return {{"step", step},
          {"samples_seen", samples_seen},
          {"skipped", skipped},
          {"videos", stream_json(videos)},
          {"images", stream_json(images)}};
}

TrainerState TrainerState::from_json(const nlohmann::json& json, const std::string& what) {
  const JsonObject object(json, what);
  TrainerState state;
  state.step = count_at(json, object, "step");
  state.samples_seen = count_at(json, object, "samples_seen");
  state.skipped = count_at(json, object, "skipped");
  state.videos = read_stream(json, "videos", object);
  state.images = read_stream(json, "images", object);
  return state;
}

}  // namespace sana::train
