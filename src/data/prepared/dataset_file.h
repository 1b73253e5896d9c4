// dataset.json: what a prepared data set holds and what it was made from. Nothing outside this
// folder needs it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/geometry/vae_geometry.h"
#include "core/json_object.h"
#include "data/batch.h"
#include "data/prepared/shard_index.h"
#include "media/colours.h"

namespace sana::data {

inline constexpr const char* kDatasetFormat = "sana-video prepared data";
inline constexpr int64_t kDatasetVersion = 1;
inline constexpr const char* kNullTextFile = "null_text.h5";

struct SampleRecord {
  std::string id;
  std::string caption;
  ClipSize bucket;
  int64_t shard = 0;
  std::string hash;              // of the sample's numbers, see sample_hash
  double source_fps = 0;         // 0 for images
  std::optional<int64_t> place;  // number of its group in the shard, where that is not its own
  double weight = 1;             // times it is drawn in an epoch of training, on average
  media::Hdr hdr = media::Hdr::kNone;  // of the source, read as SDR
};

struct ShardRecord {
  std::string file;   // in the folder of dataset.json; as text of core/text.h
  int64_t bytes = 0;  // of the file
  std::string hash;   // SHA-1 of the file; empty in sets of other programs and earlier versions
  std::string index_hash;  // of the index beside it, see shard_index.h; empty: there is none
};

struct DatasetFile {
  Kind kind = Kind::kPixels;
  nlohmann::ordered_json settings;  // of `prepare`, and fps
  std::string vae_identity, text_identity;
  std::optional<VaeGeometry> geometry;  // kLatents: of the VAE; earlier versions did not write it
  nlohmann::ordered_json source;        // path, number of files, hash
  int64_t listed = 0, unused = 0;
  std::vector<ShardRecord> shards;
  std::vector<SampleRecord> samples;
  // kLatents: hash of the empty caption, and where it lies in null_text.h5; nothing in sets of
  // earlier versions.
  std::string null_text_hash;
  ShardIndex null_text_index;

  double fps() const;
  // Hash of everything that determines the samples; not of where they lie.
  std::string fingerprint() const;
};

const char* kind_name(Kind kind);

// Group of a sample in its shard: "sample-00000012".
std::string sample_group(int64_t index);
// Of sample `index` of a data set, which may lie in the part of another process.
std::string sample_group(const SampleRecord& sample, int64_t index);

// Reads and checks dataset.json of a folder (dataset_reader.cpp). Throws UserError: no such folder,
// unfinished (says how to continue), another format version, damaged, a value of another type or
// range (names the key), a shard that is not in the folder.
DatasetFile read_dataset_file(const std::filesystem::path& folder);
// Writes it atomically: from then on the data set is complete. Throws EnvironmentError.
void write_dataset_file(const std::filesystem::path& folder, const DatasetFile& dataset);

// JSON of one sample, also a line of the journal. Throws UserError naming the key.
nlohmann::ordered_json sample_to_json(const SampleRecord& sample);
SampleRecord sample_from_json(const JsonObject& json);

}  // namespace sana::data
