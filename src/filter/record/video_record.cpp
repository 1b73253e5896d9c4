#include "filter/record/video_record.h"

#include <spdlog/fmt/fmt.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>

#include "core/json_object.h"
#include "core/text.h"

namespace sana::filter {
namespace {

// To 6 significant digits.
double rounded(double value) { return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr); }

nlohmann::ordered_json hash_to_json(const ShotHash& hash) {
  auto parts = nlohmann::ordered_json::array();
  for (const uint64_t part : hash.parts) parts.push_back(fmt::format("{:016x}", part));
  return parts;
}

// What hash_to_json() has written.
ShotHash hash_from_json(const JsonObject& json) {
  const auto parts = json.required<std::vector<std::string>>("hash");
  ShotHash hash;
  if (parts.size() != hash.parts.size()) json.refuse("hash", "a hash of that many parts");
  for (size_t i = 0; i < parts.size(); ++i) {
    const char* const end = parts[i].data() + parts[i].size();
    if (std::from_chars(parts[i].data(), end, hash.parts[i], 16).ptr != end) {
      json.refuse("hash", "hexadecimal digits");
    }
  }
  return hash;
}

constexpr JsonObject::Range kPixels = {0, 1'000'000};
constexpr JsonObject::Range kFrames = {0, INT32_MAX};

nlohmann::ordered_json shot_to_json(const ShotRecord& shot) {
  auto scores = nlohmann::ordered_json::object();
  for (const auto& [name, value] : shot.scores) scores[name] = rounded(value);
  return {{"start_s", rounded(shot.start_s)},
          {"end_s", rounded(shot.end_s)},
          {"frames", shot.frames},
          {"crop", {shot.crop.x, shot.crop.y, shot.crop.width, shot.crop.height}},
          {"scores", scores},
          {"hash", hash_to_json(shot.hash)}};
}

ShotRecord shot_from_json(const JsonObject& json) {
  ShotRecord shot;
  shot.start_s = json.required<double>("start_s");
  shot.end_s = json.required<double>("end_s");
  shot.frames = json.integer("frames", kFrames);
  const auto crop = json.required<std::vector<int64_t>>("crop");
  if (crop.size() != 4) json.refuse("crop", "[x, y, width, height]");
  shot.crop = {crop[0], crop[1], crop[2], crop[3]};
  if (!json.has("scores")) json.refuse("scores", "an object of numbers");
  for (const auto& [name, score] : json.json().at("scores").items()) {
    if (!score.is_number()) json.refuse("scores", "an object of numbers");
    shot.scores[name] = score.get<double>();
  }
  shot.hash = hash_from_json(json);
  return shot;
}

// Bytes and times, which need more than the 32 bits that sizes have.
int64_t large_integer(const JsonObject& json, const std::string& key) {
  if (!json.has(key) || !json.json().at(key).is_number_integer()) json.refuse(key, "an integer");
  return json.json().at(key).get<int64_t>();
}

}  // namespace

std::string shot_id(const VideoRecord& video, size_t shot) {
  return fmt::format("{}#{}", video.file.id, shot);
}

nlohmann::ordered_json to_json(const VideoRecord& video) {
  const VideoFile& file = video.file;
  nlohmann::ordered_json json = {{"id", file.id}, {"path", path_as_text(file.place.path)}};
  if (!file.place.member.empty()) json["member"] = name_as_text(file.place.member);
  json["bytes"] = file.bytes;
  json["modified_ns"] = file.modified_ns;
  json["measured_with"] = video.measured_with;
  if (video.problem) {
    json["problem"] = {{"reason", video.problem->reason},
                       {"detail", video.problem->detail},
                       {"remedy", video.problem->remedy}};
    return json;
  }
  json["codec"] = video.codec;
  json["pixel_format"] = video.pixel_format;
  json["width"] = video.width;
  json["height"] = video.height;
  json["fps"] = rounded(video.fps);
  json["seconds"] = rounded(video.seconds);
  json["shots"] = nlohmann::ordered_json::array();
  for (const ShotRecord& shot : video.shots) json["shots"].push_back(shot_to_json(shot));
  return json;
}

VideoRecord video_from_json(const nlohmann::json& line) {
  const JsonObject json(line, "this line");
  VideoRecord video;
  video.file.id = json.required<std::string>("id");
  video.file.place = data::Place::whole(path_from_text(json.required<std::string>("path")));
  video.file.place.member = name_from_text(json.value_or<std::string>("member", ""));
  video.file.bytes = large_integer(json, "bytes");
  video.file.modified_ns = large_integer(json, "modified_ns");
  video.measured_with = json.required<std::string>("measured_with");
  if (const auto problem = json.object("problem")) {
    video.problem = media::UnusedClip{video.file.id, problem->required<std::string>("reason"),
                                      problem->required<std::string>("detail"),
                                      problem->required<std::string>("remedy")};
    return video;
  }
  video.codec = json.required<std::string>("codec");
  video.pixel_format = json.required<std::string>("pixel_format");
  video.width = json.integer("width", kPixels);
  video.height = json.integer("height", kPixels);
  video.fps = json.required<double>("fps");
  video.seconds = json.required<double>("seconds");
  const bool has_shots =
      json.has("shots") && json.json().at("shots").is_array() && !json.json().at("shots").empty();
  if (!has_shots) json.refuse("shots", "a list of at least one shot");
  for (const auto& shot : json.json().at("shots")) {
    video.shots.push_back(shot_from_json(JsonObject(shot, "a shot")));
  }
  return video;
}

}  // namespace sana::filter
