#include "train/trainer_state.h"

#include <algorithm>

#include "core/error.h"
#include "core/json_object.h"

namespace sana::train {
namespace {

constexpr int64_t kMany = INT32_MAX;

nlohmann::ordered_json stream_json(const StreamState& stream) {
  return {{"fingerprint", stream.order.fingerprint},
          {"global_batch", stream.order.global_batch},
          {"seed", stream.order.seed},
          {"epoch", stream.position.epoch},
          {"cursor", stream.position.cursor}};
}

StreamState read_stream(const JsonObject& json) {
  StreamState stream;
  stream.order.fingerprint = json.required<std::string>("fingerprint");
  stream.order.global_batch = json.integer("global_batch", {1, kMany});
  stream.order.seed = json.long_integer("seed", {0, INT64_MAX});
  stream.position.epoch = json.integer("epoch", {0, kMany});
  stream.position.cursor = json.integer("cursor", {0, kMany});
  return stream;
}

// Files are called after modules.
bool is_name(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
}

void check_format(const nlohmann::json& json, const std::string& what) {
  const int64_t format = JsonObject(json, what).value_or<int64_t>("format", 1);
  if (format == kRunFormat) return;
  if (format == 1) {
    throw UserError(fmt::format(
        "{}: this run was begun by an older program, whose runs this one does not go on with. "
        "Finish it with sana-video {}, or begin a new run whose init.from is this checkpoint",
        what, kLastVersionOfFormat1));
  }
  throw UserError(fmt::format(
      "{}: format {}, and this program knows up to {}: it was written by a newer one; use that",
      what, format, kRunFormat));
}

}  // namespace

nlohmann::ordered_json TrainerState::to_json() const {
  nlohmann::ordered_json json = {
      {"format", kRunFormat}, {"step", step},   {"samples_seen", samples_seen},
      {"skipped", skipped},   {"stage", stage}, {"modules", modules}};
  json["streams"] = nlohmann::ordered_json::object();
  for (const auto& [name, stream] : streams) json["streams"][name] = stream_json(stream);
  return json;
}

TrainerState TrainerState::from_json(const nlohmann::json& json, const std::string& what) {
  check_format(json, what);
  const JsonObject object(json, what);
  TrainerState state;
  state.step = object.integer("step", {0, kMany});
  state.samples_seen = object.long_integer("samples_seen", {0, INT64_MAX});
  state.skipped = object.integer("skipped", {0, kMany});
  state.stage = object.required<std::string>("stage");
  state.modules = object.required<std::vector<std::string>>("modules");
  if (state.modules.empty() || !std::all_of(state.modules.begin(), state.modules.end(), is_name)) {
    object.refuse("modules", "the names of the modules, in small letters, the main one first");
  }
  const auto streams = object.object("streams");
  if (!streams) object.refuse("streams", "an object");
  for (const auto& [name, stream] : json.at("streams").items()) {
    state.streams[name] = read_stream(JsonObject(stream, what + ": streams." + name));
  }
  return state;
}

}  // namespace sana::train
