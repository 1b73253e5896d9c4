#include "data/source/manifest_line.h"

#include <cmath>

#include "core/config/checks.h"
#include "core/error.h"
#include "core/json_object.h"
#include "core/signals.h"
#include "core/text.h"
#include "core/text_lines.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;
using Complaint = std::optional<std::string>;

// The ranges of all keys.
constexpr double kMostSeconds = 1e7;  // four months
constexpr int64_t kMostPixels = 1'000'000;
constexpr double kMostDescribed = 1e12;
constexpr size_t kMostCaptionBytes = size_t(1) << 20;

Complaint check_time(double seconds) { return config::between(0.0, kMostSeconds)(seconds); }
Complaint check_side(int64_t pixels) { return config::between<int64_t>(0, kMostPixels)(pixels); }
Complaint check_count(int64_t count) { return config::at_least<int64_t>(1)(count); }
Complaint check_rate(double fps) {
  if (fps > 0) return std::nullopt;
  return fmt::format("must be above 0, got {}", fps);
}

void require_none(const char* key, const Complaint& complaint) {
  if (complaint) throw UserError(fmt::format("{} {}", key, *complaint));
}

CropBox crop_from_json(const JsonObject& json) {
  const auto crop = json.required<std::vector<int64_t>>("crop");
  if (crop.size() != 4) json.refuse("crop", "[x, y, width, height]");
  return {crop[0], crop[1], crop[2], crop[3]};
}

// What says which clip it is.
void read_clip(const JsonObject& json, ManifestLine& line) {
  Place& place = line.place;
  place.path = path_from_text(json.required<std::string>("path"));
  place.member = name_from_text(json.value_or<std::string>("member", ""));
  place.start_s = json.value_or("start_s", 0.0);
  if (json.has("end_s")) place.end_s = json.required<double>("end_s");
  if (json.has("crop")) place.crop = crop_from_json(json);
  line.id = json.has("id") ? json.required<std::string>("id") : line.default_id();
  line.weight = json.value_or("weight", 1.0);
}

std::string text_or_none(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

template <class Number, class Check>
std::optional<Number> number_or_none(const Json& json, const char* key, const Check& check) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  const auto written = found->template get<double>();  // any number is one
  if (!(std::abs(written) <= kMostDescribed)) return std::nullopt;
  const auto number = static_cast<Number>(written);
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
  nlohmann::ordered_json json = {{"id", id}, {"path", path_as_text(place.path)}};
  if (!place.member.empty()) json["member"] = name_as_text(place.member);
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

std::string ManifestLine::default_id() const {
  std::string text = path_as_text(place.path);
  if (!place.member.empty()) text = fmt::format("{}/{}", text, name_as_text(place.member));
  if (place.start_s == 0 && !place.end_s) return text;
  return fmt::format("{}@{}-{}", text, place.start_s,
                     place.end_s ? fmt::to_string(*place.end_s) : "");
}

ManifestLine ManifestLine::from_json(const Json& json) {
  require(json.is_object() && json.contains("path") && json["path"].is_string(),
          "expected an object with 'path' and 'caption', both texts");
  ManifestLine line;
  read_clip(JsonObject(json, "this line"), line);
  read_description(json, line);
  return line;
}

void ManifestLine::check() const {
  require_none("weight", WeightRange{}(weight));
  require_none("start_s", check_time(place.start_s));
  if (place.end_s) {
    require_none("end_s", config::at_least(place.start_s)(*place.end_s));
    require_none("end_s", check_time(*place.end_s));
  }
  require(caption.size() <= kMostCaptionBytes, "caption has {} bytes, expected at most {}",
          caption.size(), kMostCaptionBytes);
  if (place.crop) {
    for (const int64_t side : {place.crop->x, place.crop->y, place.crop->width, place.crop->height})
      require_none("crop", check_side(side));
  }
  if (frames) require_none("frames", check_count(*frames));
  if (fps) require_none("fps", check_rate(*fps));
  if (width) require_none("width", check_count(*width));
  if (height) require_none("height", check_count(*height));
}

fs::path path_in_list(const fs::path& folder, const std::string& text) {
  const fs::path named = folder / path_from_text(text), literal = folder / text;
  if (named == literal) return named;
  std::error_code ignored;
  return !fs::exists(named, ignored) && fs::exists(literal, ignored) ? literal : named;
}

void read_manifest(const fs::path& manifest,
                   const std::function<void(ManifestLine line, int64_t number)>& take) {
  TextLines lines(manifest);
  for (std::string text; lines.next(text);) {
    throw_if_stopped();
    if (text.find_first_not_of(" \t\r\v\f") == std::string::npos) continue;
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    require(!json.is_discarded(), "{}: not JSON; expected one object per line", lines.where());
    ManifestLine line = with_context(lines.where(), [&] {
      ManifestLine read = ManifestLine::from_json(json);
      read.check();
      return read;
    });
    line.place.path = path_in_list(manifest.parent_path(), json["path"].get<std::string>());
    take(std::move(line), lines.number());
  }
}

}  // namespace sana::data
