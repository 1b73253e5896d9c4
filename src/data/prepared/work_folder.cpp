#include "data/prepared/work_folder.h"

#include <fstream>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "data/line_file.h"
#include "data/prepared/hdf5_file.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

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
    check_same_plan(output_, read_json_file(plan_file), plan);
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
  for (size_t at = 0; at < whole;) {
    const size_t end = text.find('\n', at);
    replay_line(text.substr(at, end - at));
    at = end + 1;
  }
  for (int64_t shard = 0; shard < shard_; ++shard) {
    if (!fs::exists(shard_file(shard))) pack_shard(shard);
  }
}

void WorkFolder::replay_line(const std::string& line) {
  try {
    const auto entry = nlohmann::json::parse(line);
    if (entry.contains("sample")) {
      // Two processes on one output, which earlier versions let happen, wrote the same lines twice.
      SampleRecord record = sample_from_json(entry["sample"]);
      if (sample_ids_.count(record.id) != 0) return;
      place(std::move(record), entry.at("bytes").get<int64_t>());
      return;
    }
    const std::string id = entry.at("source");
    sources_.insert(id);
    const auto& problem = entry.at("unused");
    if (problem.is_null()) return;
    unused_[id] = {id, problem.at("reason"), problem.at("detail"), problem.at("remedy")};
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("{}: damaged ({}); delete {} and prepare again",
                                (work_ / "journal.jsonl").string(), error.what(),
                                output_.string()));
  }
}

void WorkFolder::place(SampleRecord record, int64_t bytes) {
  if (shard_bytes_ > 0 && shard_bytes_ + bytes > max_shard_bytes_) {
    ++shard_;
    shard_bytes_ = 0;
  }
  shard_bytes_ += bytes;
  record.shard = shard_;
  sample_ids_.insert(record.id);
  samples_.push_back(std::move(record));
}

void WorkFolder::append_to_journal(const nlohmann::ordered_json& line) {
  append_to_file(work_ / "journal.jsonl", dump_json(line) + "\n", /*sync=*/true);
}

void WorkFolder::add_sample(SampleRecord record, const Sample& sample) {
  const auto index = static_cast<int64_t>(samples_.size());
  Hdf5File staged = Hdf5File::create();
  write_sample(staged, sample_group(index), sample);
  write_file_atomically(staged_file(index), staged.image());
  const int64_t bytes = sample_bytes(sample), shard_before = shard_;
  append_to_journal({{"sample", sample_to_json(record)}, {"bytes", bytes}});
  place(std::move(record), bytes);
  if (shard_ != shard_before) pack_shard(shard_before);
}

void WorkFolder::finish_source(const std::string& id,
                               const std::optional<media::UnusedClip>& problem) {
  append_to_journal({{"source", id}, {"unused", unused_to_json(problem)}});
  sources_.insert(id);
  if (problem) unused_[id] = *problem;
}

void WorkFolder::pack_shard(int64_t shard) {
  std::vector<int64_t> members;
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (samples_[i].shard == shard) members.push_back(static_cast<int64_t>(i));
  }
  Hdf5File packed = Hdf5File::create();
  with_context("part of " + output_.string() + " is lost; delete it and prepare again", [&] {
    for (const int64_t index : members) {
      packed.copy_from(Hdf5File::open(staged_file(index)), sample_group(index));
    }
  });
  write_file_atomically(shard_file(shard), packed.image());
  for (const int64_t index : members) fs::remove(staged_file(index));
}

std::vector<ShardRecord> WorkFolder::finish_shards() {
  std::vector<ShardRecord> shards;
  for (int64_t shard = 0; shard <= shard_; ++shard) {
    const fs::path file = shard_file(shard);
    // The last one may be there already: killed between here and the end.
    if (!fs::exists(file)) pack_shard(shard);
    shards.push_back({file.filename().string(), static_cast<int64_t>(fs::file_size(file))});
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
