// Reading dataset.json: what it says may be anything.
#include <set>

#include "core/error.h"
#include "core/json_file.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/set_path.h"
#include "data/source/manifest_line.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMaxCount = int64_t{1} << 53;  // of counts and bytes
constexpr double kMaxFps = 100000;
constexpr double kMaxSourceFps = 1e15;  // what a container says
constexpr int64_t kMaxSide = 65536, kMaxFrames = 1000000, kMaxStride = 4096;
constexpr int64_t kMaxPlace = 99999999;  // a group has eight digits

[[noreturn]] void throw_no_dataset(const fs::path& folder) {
  require(fs::exists(folder), "{}: no such prepared data set; make it with `sana-video prepare`",
          folder.string());
  require(!fs::exists(folder / "work"),
          "{}: this data set is unfinished, its `sana-video prepare` was stopped. Run the same "
          "command again: it continues where it was.",
          folder.string());
  throw UserError(fmt::format(
      "{}: not a prepared data set (it has no dataset.json); make one with `sana-video prepare`",
      folder.string()));
}

// A SHA-1. Throws UserError when the key holds anything else.
std::string hash_of(const JsonObject& json, const std::string& key) {
  auto hash = json.required<std::string>(key);
  if (hash.size() != 40 || hash.find_first_not_of("0123456789abcdef") != std::string::npos) {
    json.refuse(key, "40 hexadecimal digits");
  }
  return hash;
}

std::string optional_hash_of(const JsonObject& json, const std::string& key) {
  return json.has(key) ? hash_of(json, key) : "";
}

ClipSize bucket_of(const JsonObject& json) {
  const auto size = try_parse_clip_size(json.required<std::string>("bucket"));
  if (!size || size->frames < 1 || size->frames > kMaxFrames || size->height > kMaxSide ||
      size->width > kMaxSide) {
    json.refuse("bucket", fmt::format("height x width x frames, such as 128x224x17, sides up to {} "
                                      "and frames up to {}",
                                      kMaxSide, kMaxFrames));
  }
  return *size;
}

JsonObject object_of(const JsonObject& json, const std::string& key) {
  const auto object = json.object(key);
  if (!object) json.refuse(key, "an object");
  return *object;
}

VaeGeometry geometry_of(const JsonObject& json) {
  VaeGeometry vae;
  vae.stride_t = json.integer("stride_t", {1, kMaxStride});
  vae.stride_h = json.integer("stride_h", {1, kMaxStride});
  vae.stride_w = json.integer("stride_w", {1, kMaxStride});
  vae.latent_channels = json.integer("latent_channels", {1, kMaxStride});
  vae.first_frame_alone = json.required<bool>("first_frame_alone");
  return vae;
}

// Calls read(entry) for each entry of a list of objects.
template <class Read>
void read_list(const nlohmann::json& json, const std::string& key, const JsonObject& whole,
               const Read& read) {
  if (!whole.has(key) || !json.at(key).is_array()) whole.refuse(key, "a list");
  size_t number = 0;
  for (const auto& entry : json.at(key)) {
    read(JsonObject(entry, fmt::format("{}: {}[{}]", whole.where(), key, number++)));
  }
}

ShardRecord shard_of(const JsonObject& json) {
  ShardRecord shard;
  shard.file = json.required<std::string>("file");
  const std::string complaint = complaint_of_name(shard.file);
  require(complaint.empty(), "{}: 'file' is '{}': it {}; shards lie in the data set's own folder",
          json.where(), shard.file, complaint);
  shard.bytes = json.long_integer("bytes", {0, kMaxCount});
  shard.hash = optional_hash_of(json, "hash");
  shard.index_hash = optional_hash_of(json, "index_hash");
  return shard;
}

void read_null_text_keys(const JsonObject& json, DatasetFile& dataset) {
  const auto null_text = json.object("null_text");
  require((dataset.kind == Kind::kLatents) == null_text.has_value(),
          "{}: 'null_text' is {}, and kind is {}", json.where(), null_text ? "there" : "not there",
          kind_name(dataset.kind));
  if (!null_text) return;
  dataset.null_text_hash = hash_of(*null_text, "hash");
  const std::string where = null_text->where() + ": 'index'";
  if (const auto index = null_text->object("index")) {
    dataset.null_text_index = index_from_json(index->json(), where);
  }
}

void read_description(const JsonObject& json, DatasetFile& dataset) {
  const auto kind = json.required<std::string>("kind");
  if (kind != "latents" && kind != "pixels") json.refuse("kind", "latents or pixels");
  dataset.kind = kind == "latents" ? Kind::kLatents : Kind::kPixels;
  const JsonObject settings = object_of(json, "settings"), encoders = object_of(json, "encoders"),
                   counts = object_of(json, "counts"), source = object_of(json, "source");
  settings.number("fps", 1e-3, kMaxFps);
  dataset.settings = settings.json();
  dataset.vae_identity = encoders.required<std::string>("vae");
  dataset.text_identity = encoders.required<std::string>("text");
  if (const auto geometry = encoders.object("geometry")) dataset.geometry = geometry_of(*geometry);
  source.value_or("hash", std::string());
  dataset.source = source.json();
  dataset.listed = counts.long_integer("listed", {0, kMaxCount});
  dataset.unused = counts.long_integer("unused", {0, kMaxCount});
}

void check_samples(const DatasetFile& dataset, const std::string& where) {
  for (size_t i = 0; i < dataset.samples.size(); ++i) {
    const SampleRecord& sample = dataset.samples[i];
    require(sample.shard < static_cast<int64_t>(dataset.shards.size()),
            "{}: damaged: sample {} lies in shard {}, which is not listed", where, sample.id,
            sample.shard);
    const std::string complaint =
        dataset.geometry ? dataset.geometry->complaint(sample.bucket, "VAE of this data set") : "";
    require(complaint.empty(), "{}: damaged: sample {}: {}", where, sample.id, complaint);
  }
}

DatasetFile parse_dataset(const nlohmann::json& json, const std::string& where) {
  DatasetFile dataset;
  const JsonObject object(json, where);
  read_description(object, dataset);
  read_list(json, "shards", object,
            [&](const JsonObject& shard) { dataset.shards.push_back(shard_of(shard)); });
  std::set<fs::path> files;
  for (const ShardRecord& shard : dataset.shards) {
    require(files.insert(shard.file).second, "{}: damaged: two shards are called {}", where,
            shard.file);
  }
  read_list(json, "samples", object,
            [&](const JsonObject& sample) { dataset.samples.push_back(sample_from_json(sample)); });
  read_null_text_keys(object, dataset);
  check_samples(dataset, where);
  require(dataset.fingerprint() == object.required<std::string>("fingerprint"),
          "{}: damaged or edited: its fingerprint does not fit its samples", where);
  return dataset;
}

// Throws UserError when it is of another format or version.
void require_format(const nlohmann::json& json, const std::string& where) {
  const JsonObject object(json, where);
  const bool is_ours = object.holds<std::string>("format") &&
                       object.required<std::string>("format") == kDatasetFormat;
  require(is_ours, "{}: not the description of a prepared data set", where);
  const int64_t version = object.integer("format_version", {0, INT32_MAX});
  require(version == kDatasetVersion, "{}: format version {}, this program reads version {}", where,
          version, kDatasetVersion);
}

}  // namespace

SampleRecord sample_from_json(const JsonObject& json) {
  SampleRecord sample;
  sample.id = json.required<std::string>("id");
  sample.caption = json.required<std::string>("caption");
  sample.bucket = bucket_of(json);
  sample.shard = json.integer("shard", {0, INT32_MAX});
  sample.hash = hash_of(json, "hash");
  sample.source_fps = json.number("source_fps", 0, kMaxSourceFps);
  sample.place = json.optional_integer("place", {0, kMaxPlace});
  if (json.has("weight")) {
    sample.weight = json.required<double>("weight");
    if (WeightRange{}(sample.weight)) json.refuse("weight", WeightRange{}.describe());
  }
  if (json.has("hdr")) sample.hdr = media::parse_hdr(json.required<std::string>("hdr"));
  return sample;
}

DatasetFile read_dataset_file(const fs::path& folder) {
  const fs::path file = folder / "dataset.json";
  if (!fs::exists(file)) throw_no_dataset(folder);
  const nlohmann::json json = read_json_file(file);
  const auto with_remedy = [&](const char* what, const auto& body) {
    try {
      return body();
    } catch (const UserError& error) {
      throw UserError(fmt::format("{}; {}prepare the data set again", error.what(), what));
    }
  };
  with_remedy("", [&] { require_format(json, file.string()); });
  return with_remedy("the file is damaged or was edited, ",
                     [&] { return parse_dataset(json, file.string()); });
}

}  // namespace sana::data
