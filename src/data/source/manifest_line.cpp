#include "data/source/manifest_line.h"

#include <fstream>

#include "core/config/checks.h"
#include "core/error.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;
using Complaint = std::optional<std::string>;

// The ranges of all keys.
Complaint check_time(double seconds) { return config::at_least(0.0)(seconds); }
Complaint check_side(int64_t pixels) { return config::at_least<int64_t>(0)(pixels); }
Complaint check_count(int64_t count) { return config::at_least<int64_t>(1)(count); }
Complaint check_rate(double fps) {
  if (fps > 0) return std::nullopt;
  return fmt::format("must be above 0, got {}", fps);
}

void require_none(const char* key, const Complaint& complaint) {
  if (complaint) throw UserError(fmt::format("{} {}", key, *complaint));
}

CropBox crop_from_json(const Json& crop) {
  return {crop.at(0), crop.at(1), crop.at(2), crop.at(3)};
}

// What says which clip it is. Throws nlohmann::json::exception.
void read_clip(const Json& json, ManifestLine& line) {
  Place& place = line.place;
  place.path = json.at("path").get<std::string>();
  place.member = json.value("member", "");
  place.start_s = json.value("start_s", 0.0);
  if (json.contains("end_s")) place.end_s = json["end_s"].get<double>();
  if (json.contains("crop")) place.crop = crop_from_json(json["crop"]);
  line.id = place.path.generic_string();
  if (!place.member.empty()) line.id += "/" + place.member;
  line.id = json.value("id", line.id);
  line.weight = json.value("weight", 1.0);
}

std::string text_or_none(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

template <class Number, class Check>
std::optional<Number> number_or_none(const Json& json, const char* key, const Check& check) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  const auto number = found->template get<Number>();
  return check(number) ? std::nullopt : std::optional<Number>(number);
}

// What only describes the clip; a value that is not of its type and range is passed over.
void read_description(const Json& json, ManifestLine& line) {
  line.frames = number_or_none<int64_t>(json, "frames", check_count);
  line.fps = number_or_none<double>(json, "fps", check_rate);
  line.width = number_or_none<int64_t>(json, "width", check_count);
  line.height = number_or_none<int64_t>(json, "height", check_count);
  line.caption = text_or_none(json, "caption");
  line.caption_source = text_or_none(json, "caption_source");
  const auto captions = json.find("captions");
  if (captions != json.end() && captions->is_object()) {
    for (const auto& [source, caption] : captions->items()) {
      if (!caption.is_array() || caption.size() != 2) continue;
      if (!caption[0].is_string() || !caption[1].is_number()) continue;
      line.captions.push_back({source, caption[0], caption[1]});
    }
  }
  const auto scores = json.find("scores");
  if (scores == json.end() || !scores->is_object()) return;
  for (const auto& [name, score] : scores->items()) {
    if (score.is_number()) line.scores.emplace_back(name, score.get<double>());
  }
}

}  // namespace

std::optional<std::string> WeightRange::operator()(double weight) const {
  if (weight > 0 && weight <= kMost) return std::nullopt;
  return fmt::format("must be above 0, up to {:g}, got {:g}", kMost, weight);
}

nlohmann::ordered_json ManifestLine::to_json() const {
  nlohmann::ordered_json json = {{"id", id}, {"path", place.path.native()}};
  if (!place.member.empty()) json["member"] = place.member;
  json["start_s"] = place.start_s;
  if (place.end_s) json["end_s"] = *place.end_s;
  if (frames) json["frames"] = *frames;
  if (fps) json["fps"] = *fps;
  if (width) json["width"] = *width;
  if (height) json["height"] = *height;
  if (place.crop) {
    json["crop"] = {place.crop->x, place.crop->y, place.crop->width, place.crop->height};
  }
  if (!caption.empty()) json["caption"] = caption;
  if (!caption_source.empty()) json["caption_source"] = caption_source;
  json["captions"] = nlohmann::ordered_json::object();
  for (const WeightedCaption& one : captions) json["captions"][one.source] = {one.text, one.weight};
  json["weight"] = weight;
  json["scores"] = nlohmann::ordered_json::object();
  for (const auto& [name, score] : scores) json["scores"][name] = score;
  return json;
}

ManifestLine ManifestLine::from_json(const Json& json) {
  require(json.is_object() && json.contains("path") && json["path"].is_string(),
          "expected an object with 'path' and 'caption', both texts");
  ManifestLine line;
  try {
    read_clip(json, line);
  } catch (const Json::exception& error) {
    throw UserError(error.what());
  }
  read_description(json, line);
  return line;
}

void ManifestLine::check() const {
  require_none("weight", WeightRange{}(weight));
  require_none("start_s", check_time(place.start_s));
  if (place.end_s) require_none("end_s", config::at_least(place.start_s)(*place.end_s));
  if (place.crop) {
    for (const int64_t side : {place.crop->x, place.crop->y, place.crop->width, place.crop->height})
      require_none("crop", check_side(side));
  }
  if (frames) require_none("frames", check_count(*frames));
  if (fps) require_none("fps", check_rate(*fps));
  if (width) require_none("width", check_count(*width));
  if (height) require_none("height", check_count(*height));
}

void read_manifest(const fs::path& manifest,
                   const std::function<void(ManifestLine line, int64_t number)>& take) {
  std::ifstream file(manifest);
  require(file.good(), "{}: cannot be read", manifest.string());
  std::string text;
  for (int64_t number = 1; std::getline(file, text); ++number) {
    if (text.find_first_not_of(" \t\r\v\f") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", manifest.string(), number);
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    require(!json.is_discarded(), "{}: not JSON; expected one object per line", where);
    ManifestLine line = with_context(where, [&] {
      ManifestLine read = ManifestLine::from_json(json);
      read.check();
      return read;
    });
    line.place.path = manifest.parent_path() / line.place.path;
    take(std::move(line), number);
  }
}

}  // namespace sana::data
