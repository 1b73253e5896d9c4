#include "data/prepared/dataset_file.h"

#include <map>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_dump.h"

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

nlohmann::ordered_json encoders_to_json(const DatasetFile& dataset) {
  nlohmann::ordered_json json = {{"vae", dataset.vae_identity}, {"text", dataset.text_identity}};
  if (dataset.geometry) {
    const VaeGeometry& vae = *dataset.geometry;
    json["geometry"] = {{"stride_t", vae.stride_t},
                        {"stride_h", vae.stride_h},
                        {"stride_w", vae.stride_w},
                        {"latent_channels", vae.latent_channels},
                        {"first_frame_alone", vae.first_frame_alone}};
  }
  return json;
}

nlohmann::ordered_json null_text_to_json(const DatasetFile& dataset) {
  nlohmann::ordered_json json = {{"hash", dataset.null_text_hash}};
  if (dataset.null_text_index.bytes > 0) {
    json["index"] = nlohmann::ordered_json::parse(index_to_text(dataset.null_text_index));
  }
  return json;
}

// Nothing for the ordinary weight, so that fingerprints are what they were before there were
// others.
std::string weight_text(double weight) {
  return weight == 1 ? "" : fmt::format("\tweight {:.17g}", weight);
}

}  // namespace

const char* kind_name(Kind kind) { return kind == Kind::kPixels ? "pixels" : "latents"; }

std::string sample_group(int64_t index) { return fmt::format("sample-{:08d}", index); }

std::string sample_group(const SampleRecord& sample, int64_t index) {
  return sample_group(sample.place.value_or(index));
}

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

void write_dataset_file(const fs::path& folder, const DatasetFile& dataset) {
  nlohmann::ordered_json json = {{"format", kDatasetFormat},
                                 {"format_version", kDatasetVersion},
                                 {"kind", kind_name(dataset.kind)},
                                 {"settings", dataset.settings},
                                 {"encoders", encoders_to_json(dataset)},
                                 {"source", dataset.source},
                                 {"counts",
                                  {{"listed", dataset.listed},
                                   {"unused", dataset.unused},
                                   {"samples", dataset.samples.size()}}},
                                 {"buckets", bucket_counts(dataset.samples)}};
  json["shards"] = nlohmann::ordered_json::array();
  for (const ShardRecord& shard : dataset.shards) {
    nlohmann::ordered_json entry = {{"file", shard.file}, {"bytes", shard.bytes}};
    if (!shard.hash.empty()) entry["hash"] = shard.hash;
    if (!shard.index_hash.empty()) entry["index_hash"] = shard.index_hash;
    json["shards"].push_back(std::move(entry));
  }
  json["samples"] = nlohmann::ordered_json::array();
  for (const SampleRecord& sample : dataset.samples) {
    json["samples"].push_back(sample_to_json(sample));
  }
  json["null_text"] = nullptr;
  if (!dataset.null_text_hash.empty()) json["null_text"] = null_text_to_json(dataset);
  json["fingerprint"] = dataset.fingerprint();
  write_file_atomically(folder / "dataset.json", dump_json(json, 1) + "\n");
}

}  // namespace sana::data
