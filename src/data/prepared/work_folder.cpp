#include "data/prepared/work_folder.h"

#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "core/json_object.h"
#include "data/line_file.h"
#include "data/prepared/hdf5_file.h"
#include "data/prepared/hdf5_listing.h"
#include "data/prepared/shard_index.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMaxSampleBytes = int64_t{1} << 50;

nlohmann::ordered_json unused_to_json(const std::optional<media::UnusedClip>& problem) {
  if (!problem) return nullptr;
  return {{"reason", problem->reason}, {"detail", problem->detail}, {"remedy", problem->remedy}};
}

}  // namespace

void check_same_plan(const fs::path& output, const nlohmann::ordered_json& earlier,
                     const nlohmann::ordered_json& now) {
  const auto before = earlier.flatten(), after = now.flatten();
  std::set<std::string> keys;
  for (const auto& item : before.items()) keys.insert(item.key());
  for (const auto& item : after.items()) keys.insert(item.key());
  std::string differences;
  for (const std::string& key : keys) {
    const auto text = [&](const nlohmann::ordered_json& plan) {
      return plan.contains(key) ? dump_json(plan[key]) : std::string("nothing");
    };
    if (before.contains(key) && after.contains(key) && before[key] == after[key]) continue;
    const std::string name = key == "/source_hash" ? "/source (files or captions)" : key;
    differences += fmt::format("\n  {}: was {}, now {}", name.substr(1), text(before), text(after));
  }
  require(differences.empty(),
          "output: {} holds a data set that was made otherwise:{}\nTwo kinds are never mixed: give "
          "another output, or delete this folder, or go back to what it was made with.",
          output.string(), differences);
}

WorkFolder::WorkFolder(fs::path output, const nlohmann::ordered_json& plan, int64_t max_shard_bytes)
    : output_(std::move(output)), work_(output_ / "work"), max_shard_bytes_(max_shard_bytes) {
  ensure_writable_directory(work_);
  const fs::path plan_file = work_ / "plan.json";
  if (fs::exists(plan_file)) {
    const nlohmann::json earlier = read_json_file(plan_file);
    require(earlier.is_object() && !earlier.empty(), "{}: damaged; delete {} and prepare again",
            plan_file.string(), output_.string());
    check_same_plan(output_, earlier, plan);
  } else {
    write_file_atomically(plan_file, dump_json(plan, 1) + "\n");
  }
  replay_journal();
}

void WorkFolder::replay_journal() {
  const fs::path journal = work_ / "journal.jsonl";
  if (!fs::exists(journal)) return;
  const std::string text = read_text_file(journal);
  const size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (whole != text.size()) fs::resize_file(journal, whole);  // killed while writing a line
  int64_t number = 0;
  for (size_t at = 0; at < whole;) {
    const size_t end = text.find('\n', at);
    try {
      replay_line(text.substr(at, end - at), fmt::format("{}:{}", journal.string(), ++number));
    } catch (const UserError& error) {
      throw UserError(
          fmt::format("{}; delete {} and prepare again", error.what(), output_.string()));
    }
    at = end + 1;
  }
  for (int64_t shard = 0; shard < shard_; ++shard) {
    if (!fs::exists(shard_file(shard))) pack_shard(shard);
  }
}

void WorkFolder::replay_line(const std::string& line, const std::string& where) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  require(!json.is_discarded(), "{}: damaged: not JSON", where);
  const JsonObject entry(json, where);
  if (const auto sample = entry.object("sample")) {
    // Two processes on one output, which earlier versions let happen, wrote the same lines twice.
    SampleRecord record = sample_from_json(*sample);
    if (sample_ids_.count(record.id) != 0) return;
    const auto hash = entry.value_or("file_hash", std::string());
    place(std::move(record), entry.long_integer("bytes", {0, kMaxSampleBytes}), hash);
    return;
  }
  const auto id = entry.required<std::string>("source");
  sources_.insert(id);
  if (const auto problem = entry.object("unused")) {
    unused_[id] = {id, problem->required<std::string>("reason"),
                   problem->required<std::string>("detail"),
                   problem->required<std::string>("remedy")};
  }
}

void WorkFolder::place(SampleRecord record, int64_t bytes, const std::string& file_hash) {
  if (shard_bytes_ > 0 && shard_bytes_ + bytes > max_shard_bytes_) {
    ++shard_;
    shard_bytes_ = 0;
  }
  shard_bytes_ += bytes;
  record.shard = shard_;
  sample_ids_.insert(record.id);
  samples_.push_back(std::move(record));
  file_hashes_.push_back(file_hash);
}

void WorkFolder::append_to_journal(const nlohmann::ordered_json& line, bool sync) {
  append_to_file(work_ / "journal.jsonl", dump_json(line) + "\n", sync);
}

void WorkFolder::add_sample(SampleRecord record, const Sample& sample) {
  const auto index = static_cast<int64_t>(samples_.size());
  Hdf5File staged = Hdf5File::create();
  write_sample(staged, sample_group(index), sample);
  const std::string image = staged.image(), hash = hash_text(image);
  write_file_atomically(staged_file(index), image);
  const int64_t bytes = sample_bytes(sample), shard_before = shard_;
  append_to_journal({{"sample", sample_to_json(record)}, {"bytes", bytes}, {"file_hash", hash}},
                    /*sync=*/true);
  place(std::move(record), bytes, hash);
  if (shard_ != shard_before) pack_shard(shard_before);
}

void WorkFolder::finish_source(const std::string& id,
                               const std::optional<media::UnusedClip>& problem) {
  // Not waited for: a source whose line is lost is looked at again, and an archive may hold a
  // million that cannot be used.
  append_to_journal({{"source", id}, {"unused", unused_to_json(problem)}}, /*sync=*/false);
  sources_.insert(id);
  if (problem) unused_[id] = *problem;
}

void WorkFolder::pack_shard(int64_t shard) {
  std::vector<int64_t> members;
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (samples_[i].shard == shard) members.push_back(static_cast<int64_t>(i));
  }
  Hdf5File packed = Hdf5File::create();
  std::vector<std::string> names;
  with_context("part of " + output_.string() + " is lost; delete it and prepare again", [&] {
    for (const int64_t index : members) {
      packed.copy_from(read_staged(index), sample_group(index));
      for (std::string& name : all_parts(sample_group(index))) names.push_back(std::move(name));
    }
  });
  const std::string image = packed.image();
  // First, so that it is there wherever the shard is.
  write_file_atomically(index_path(shard_file(shard)), index_to_text(packed.index(image, names)));
  write_file_atomically(shard_file(shard), image);
  for (const int64_t index : members) fs::remove(staged_file(index));
}

// HDF5's library must not see a file here that is not what was written. Lines of earlier versions have
// no hash; then the library has to survive the file in another process first.
std::string WorkFolder::read_staged(int64_t index) const {
  const fs::path file = staged_file(index);
  std::string image = read_text_file(file, INT64_MAX);
  const std::string& hash = file_hashes_[static_cast<size_t>(index)];
  if (hash.empty()) {
    const auto tensors =
        list_tensors(file, static_cast<int64_t>(image.size()), all_parts(sample_group(index)))
            .tensors;
    require(!tensors.empty(), "{}: damaged: HDF5 cannot read it", file.string());
  } else {
    require(hash_text(image) == hash, "{}: damaged: its checksum is wrong", file.string());
  }
  return image;
}

std::vector<ShardRecord> WorkFolder::finish_shards() {
  std::vector<ShardRecord> shards;
  for (int64_t shard = 0; shard <= shard_; ++shard) {
    const fs::path file = shard_file(shard), index_file = index_path(file);
    // The last one may be there already: killed between here and the end.
    if (!fs::exists(file)) pack_shard(shard);
    ShardRecord record = {file.filename().string(), static_cast<int64_t>(fs::file_size(file)), "",
                          ""};
    // Not there when an earlier version packed the shard.
    if (fs::exists(index_file)) {
      const std::string text = read_text_file(index_file);
      record.hash = index_from_json(read_json_file(index_file), index_file.string()).hash;
      record.index_hash = hash_text(text);
    }
    shards.push_back(std::move(record));
  }
  return shards;
}

void WorkFolder::remove() { fs::remove_all(work_); }

fs::path WorkFolder::staged_file(int64_t index) const {
  return work_ / (sample_group(index) + ".h5");
}

fs::path WorkFolder::shard_file(int64_t shard) const {
  return output_ / fmt::format("shard-{:05d}.h5", shard);
}

}  // namespace sana::data
