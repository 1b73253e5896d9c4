#include "data/prepared/dataset_file.h"

#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "data/clips/bucket.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

nlohmann::ordered_json bucket_counts(const std::vector<SampleRecord>& samples) {
  std::map<ClipSize, int64_t> counts;
  for (const SampleRecord& sample : samples) ++counts[sample.bucket];
  auto json = nlohmann::ordered_json::object();
  for (const auto& [bucket, count] : counts) json[to_string(bucket)] = count;
  return json;
}

DatasetFile parse_dataset(const nlohmann::json& json) {
  DatasetFile dataset;
  dataset.kind = json.at("kind") == "latents" ? Kind::kLatents : Kind::kPixels;
  dataset.settings = json.at("settings");
  dataset.vae_identity = json.at("encoders").at("vae");
  dataset.text_identity = json.at("encoders").at("text");
  dataset.source = json.at("source");
  dataset.listed = json.at("counts").at("listed");
  dataset.unused = json.at("counts").at("unused");
  for (const auto& shard : json.at("shards")) {
    dataset.shards.push_back({shard.at("file"), shard.at("bytes")});
  }
  for (const auto& sample : json.at("samples")) {
    dataset.samples.push_back(sample_from_json(sample));
  }
  if (!json.at("null_text").is_null()) dataset.null_text_hash = json["null_text"].at("hash");
  return dataset;
}

// Nothing for the ordinary weight, so that fingerprints are what they were before there were
// others.
std::string weight_text(double weight) {
  return weight == 1 ? "" : fmt::format("\tweight {:.17g}", weight);
}

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

}  // namespace

const char* kind_name(Kind kind) { return kind == Kind::kPixels ? "pixels" : "latents"; }

std::string sample_group(int64_t index) { return fmt::format("sample-{:08d}", index); }

double DatasetFile::fps() const { return settings.at("fps").get<double>(); }

std::string DatasetFile::fingerprint() const {
  Hasher hasher;
  hasher.add(fmt::format("{} {}\n{}\n{:.6f}\n{}\n{}\n{}\n", kDatasetFormat, kDatasetVersion,
                         kind_name(kind), fps(), vae_identity, text_identity, null_text_hash));
  for (const SampleRecord& sample : samples) {
    hasher.add(sample.id + "\t" + sample.caption + "\t" + to_string(sample.bucket) + "\t" +
               sample.hash + weight_text(sample.weight) + "\n");
  }
  return hasher.hex();
}

nlohmann::ordered_json sample_to_json(const SampleRecord& sample) {
  nlohmann::ordered_json json = {
      {"id", sample.id},       {"caption", sample.caption}, {"bucket", to_string(sample.bucket)},
      {"shard", sample.shard}, {"hash", sample.hash},       {"source_fps", sample.source_fps}};
  if (sample.weight != 1) json["weight"] = sample.weight;
  if (sample.place) json["place"] = *sample.place;
  if (sample.hdr != media::Hdr::kNone) json["hdr"] = media::hdr_name(sample.hdr);
  return json;
}

SampleRecord sample_from_json(const nlohmann::json& json) {
  SampleRecord sample{
      json.at("id"),    json.at("caption"),        parse_clip_size(json.at("bucket")),
      json.at("shard"), json.at("hash"),           json.at("source_fps"),
      std::nullopt,     json.value("weight", 1.0), media::Hdr::kNone};
  if (json.contains("place")) sample.place = json["place"].get<int64_t>();
  if (json.contains("hdr")) sample.hdr = media::parse_hdr(json["hdr"].get<std::string>());
  return sample;
}

// Throws UserError when it is of another format or version,
// nlohmann::json::exception when a value has a wrong type.
void require_format(const nlohmann::json& json, const fs::path& file) {
  require(json.is_object() && json.value("format", "") == kDatasetFormat,
          "{}: not the description of a prepared data set", file.string());
  const auto version = json.value("format_version", int64_t{0});
  require(version == kDatasetVersion,
          "{}: format version {}, this program reads version {}; prepare the data set again",
          file.string(), version, kDatasetVersion);
}

DatasetFile read_dataset_file(const fs::path& folder) {
  const fs::path file = folder / "dataset.json";
  if (!fs::exists(file)) throw_no_dataset(folder);
  const nlohmann::json json = read_json_file(file);
  try {
    require_format(json, file);
    DatasetFile dataset = parse_dataset(json);
    require(dataset.fingerprint() == json.at("fingerprint").get<std::string>(),
            "{}: damaged or edited: its fingerprint does not fit its samples; prepare the data set "
            "again",
            file.string());
    for (const SampleRecord& sample : dataset.samples) {
      require(sample.shard >= 0 && sample.shard < static_cast<int64_t>(dataset.shards.size()),
              "{}: damaged: sample {} lies in shard {}, which is not listed", file.string(),
              sample.id, sample.shard);
    }
    return dataset;
  } catch (const nlohmann::json::exception& error) {
    throw UserError(
        fmt::format("{}: damaged: {}; prepare the data set again", file.string(), error.what()));
  }
}

void write_dataset_file(const fs::path& folder, const DatasetFile& dataset) {
  nlohmann::ordered_json json = {
      {"format", kDatasetFormat},
      {"format_version", kDatasetVersion},
      {"kind", kind_name(dataset.kind)},
      {"settings", dataset.settings},
      {"encoders", {{"vae", dataset.vae_identity}, {"text", dataset.text_identity}}},
      {"source", dataset.source},
      {"counts",
       {{"listed", dataset.listed},
        {"unused", dataset.unused},
        {"samples", dataset.samples.size()}}},
      {"buckets", bucket_counts(dataset.samples)}};
  json["shards"] = nlohmann::ordered_json::array();
  for (const ShardRecord& shard : dataset.shards) {
    json["shards"].push_back({{"file", shard.file}, {"bytes", shard.bytes}});
  }
  json["samples"] = nlohmann::ordered_json::array();
  for (const SampleRecord& sample : dataset.samples) {
    json["samples"].push_back(sample_to_json(sample));
  }
  json["null_text"] = nullptr;
  if (!dataset.null_text_hash.empty()) json["null_text"] = {{"hash", dataset.null_text_hash}};
  json["fingerprint"] = dataset.fingerprint();
  write_file_atomically(folder / "dataset.json", dump_json(json, 1) + "\n");
}

}  // namespace sana::data
