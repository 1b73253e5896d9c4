#include "train/trainer_state.h"

#include "core/error.h"

namespace sana::train {
namespace {

nlohmann::ordered_json stream_json(const StreamState& stream) {
  return {{"fingerprint", stream.order.fingerprint},
          {"batch_size", stream.order.batch_size},
          {"seed", stream.order.seed},
          {"epoch", stream.position.epoch},
          {"cursor", stream.position.cursor}};
}

StreamState read_stream(const nlohmann::json& json) {
  StreamState stream;
  json.at("fingerprint").get_to(stream.order.fingerprint);
  json.at("batch_size").get_to(stream.order.batch_size);
  json.at("seed").get_to(stream.order.seed);
  json.at("epoch").get_to(stream.position.epoch);
  json.at("cursor").get_to(stream.position.cursor);
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
  try {
    TrainerState state;
    json.at("step").get_to(state.step);
    json.at("samples_seen").get_to(state.samples_seen);
    json.at("skipped").get_to(state.skipped);
    state.videos = read_stream(json.at("videos"));
    state.images = read_stream(json.at("images"));
    return state;
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("{} is damaged: {}", what, error.what()));
  }
}

}  // namespace sana::train
