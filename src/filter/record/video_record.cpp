#include "filter/record/video_record.h"

#include <spdlog/fmt/fmt.h>

#include <charconv>
#include <cstdlib>

namespace sana::filter {
namespace {

// To 6 significant digits.
double rounded(double value) { return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr); }

nlohmann::ordered_json hash_to_json(const ShotHash& hash) {
  auto parts = nlohmann::ordered_json::array();
  for (const uint64_t part : hash.parts) parts.push_back(fmt::format("{:016x}", part));
  return parts;
}

ShotHash hash_from_json(const nlohmann::json& json) {
  ShotHash hash;
  for (size_t i = 0; i < hash.parts.size(); ++i) {
    const std::string text = json.at(i);
    std::from_chars(text.data(), text.data() + text.size(), hash.parts[i], 16);
  }
  return hash;
}

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

ShotRecord shot_from_json(const nlohmann::json& json) {
  ShotRecord shot;
  json.at("start_s").get_to(shot.start_s);
  json.at("end_s").get_to(shot.end_s);
  json.at("frames").get_to(shot.frames);
  const auto& crop = json.at("crop");
  shot.crop = {crop.at(0), crop.at(1), crop.at(2), crop.at(3)};
  json.at("scores").get_to(shot.scores);
  shot.hash = hash_from_json(json.at("hash"));
  return shot;
}

}  // namespace

std::string shot_id(const VideoRecord& video, size_t shot) {
  return fmt::format("{}#{}", video.file.id, shot);
}

nlohmann::ordered_json to_json(const VideoRecord& video) {
  const VideoFile& file = video.file;
  nlohmann::ordered_json json = {{"id", file.id}, {"path", file.place.path.native()}};
  if (!file.place.member.empty()) json["member"] = file.place.member;
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

VideoRecord video_from_json(const nlohmann::json& json) {
  VideoRecord video;
  json.at("id").get_to(video.file.id);
  video.file.place = data::Place::whole(json.at("path").get<std::string>());
  video.file.place.member = json.value("member", "");
  json.at("bytes").get_to(video.file.bytes);
  json.at("modified_ns").get_to(video.file.modified_ns);
  json.at("measured_with").get_to(video.measured_with);
  if (json.contains("problem")) {
    const auto& problem = json["problem"];
    video.problem = media::UnusedClip{video.file.id, problem.at("reason"), problem.at("detail"),
                                      problem.at("remedy")};
    return video;
  }
  json.at("codec").get_to(video.codec);
  json.at("pixel_format").get_to(video.pixel_format);
  json.at("width").get_to(video.width);
  json.at("height").get_to(video.height);
  json.at("fps").get_to(video.fps);
  json.at("seconds").get_to(video.seconds);
  for (const auto& shot : json.at("shots")) video.shots.push_back(shot_from_json(shot));
  return video;
}

}  // namespace sana::filter
