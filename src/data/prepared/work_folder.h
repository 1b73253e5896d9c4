// The unfinished part of a prepared data set, so that a killed `prepare` loses at most the clip
// that it was at. Nothing outside this folder needs it.
//
//   <output>/work/plan.json       what is being made; another plan is refused
//   <output>/work/journal.jsonl   a line for every finished sample and every finished source
//   <output>/work/sample-N.h5     finished samples, until their shard is full
//   <output>/shard-N.h5           full shards, put together from these and then renamed into place,
//   <output>/shard-N.index.json   and where their tensors lie (shard_index.h)
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/prepared/dataset_file.h"
#include "data/prepared/sample_store.h"
#include "media/unusable.h"

namespace sana::data {

class WorkFolder {
 public:
  // Begins or continues. Throws UserError when the folder was begun with another plan (names the
  // differences) or is damaged.
  WorkFolder(std::filesystem::path output, const nlohmann::ordered_json& plan,
             int64_t max_shard_bytes);

  bool is_source_done(const std::string& id) const { return sources_.count(id) != 0; }
  bool has_sample(const std::string& id) const { return sample_ids_.count(id) != 0; }
  // Samples in the order in which they were added; their shards are set.
  const std::vector<SampleRecord>& samples() const { return samples_; }
  // Sources found unusable, by id.
  const std::map<std::string, media::UnusedClip>& unused() const { return unused_; }

  // The sample is safe on disk when this returns. Throws EnvironmentError.
  void add_sample(SampleRecord record, const Sample& sample);
  void finish_source(const std::string& id, const std::optional<media::UnusedClip>& problem);
  // Closes the last shard; all shards in order.
  std::vector<ShardRecord> finish_shards();
  // Removes the folder; the data set must be complete, or have no sample.
  void remove();

 private:
  void replay_journal();
  // `where`: file and line, for the UserError when it is not what this program writes.
  void replay_line(const std::string& line, const std::string& where);
  void append_to_journal(const nlohmann::ordered_json& line, bool sync);
  void place(SampleRecord record, int64_t bytes, const std::string& file_hash);
  void pack_shard(int64_t shard);
  // The bytes of a finished sample's file.
  std::string read_staged(int64_t index) const;
  std::filesystem::path staged_file(int64_t index) const;
  std::filesystem::path shard_file(int64_t shard) const;

  std::filesystem::path output_, work_;
  int64_t max_shard_bytes_;
  std::vector<SampleRecord> samples_;
  std::vector<std::string> file_hashes_;  // of their files; empty in lines of earlier versions
  std::set<std::string> sample_ids_, sources_;
  std::map<std::string, media::UnusedClip> unused_;
  int64_t shard_ = 0, shard_bytes_ = 0;  // the one being filled, and what it holds
};

// Throws UserError naming what differs between two plans and what to do; nothing when they are
// equal.
void check_same_plan(const std::filesystem::path& output, const nlohmann::ordered_json& earlier,
                     const nlohmann::ordered_json& now);

}  // namespace sana::data
