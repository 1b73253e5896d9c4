#include "data/prepared/prepare_parts.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json_object.h"
#include "core/log.h"
#include "core/signals.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

std::string part_name(int64_t rank, int64_t count) { return fmt::format("{}-of-{}", rank, count); }

// "a.mp4#1" comes from "a.mp4", unless there is a clip of that very name.
int64_t source_of(const std::string& sample, const std::map<std::string, int64_t>& sources) {
  auto found = sources.find(sample);
  if (found == sources.end()) found = sources.find(sample.substr(0, sample.rfind('#')));
  require(found != sources.end(), "sample {} is of no clip of the source; prepare it again",
          sample);
  return found->second;
}

}  // namespace

nlohmann::ordered_json PartSource::settings() const {
  nlohmann::ordered_json settings = whole_.settings();
  settings["part"] = part_name(ranks_.rank, ranks_.count);
  return settings;
}

fs::path part_folder(const fs::path& output, const LaunchRank& ranks) {
  return output / "parts" / part_name(ranks.rank, ranks.count);
}

void check_same_ranks(const fs::path& output, const LaunchRank& ranks) {
  const std::string ending = fmt::format("-of-{}", ranks.count);
  std::string other;
  if (ranks.count > 1 && fs::exists(output / "work")) other = "one process";
  if (fs::exists(output / "parts")) {
    for (const auto& entry : fs::directory_iterator(output / "parts")) {
      if (!entry.is_directory()) continue;
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(ending)) other = name.substr(name.rfind('-') + 1) + " processes";
    }
  }
  require(other.empty(),
          "output: {} was begun by {}, and this is {}. Go on with as many, or delete this folder.",
          output.string(), other, ranks.count);
}

bool wait_for_parts(const fs::path& output, int64_t count, ProgressSink& progress) {
  progress.begin("waiting for the other processes", count, "parts");
  for (int64_t rank = 0; rank < count; ++rank) {
    auto next_warning = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!fs::exists(output / "parts" / part_name(rank, count) / "dataset.json")) {
      if (stop_signal() != 0) {
        progress.end();
        return false;
      }
      if (std::chrono::steady_clock::now() > next_warning) {
        log::warning("still waiting for part {}: does process {} still run?",
                     part_name(rank, count), rank);
        next_warning += std::chrono::minutes(10);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    progress.advance();
  }
  progress.end();
  return true;
}

void merge_parts(const fs::path& output, int64_t count, const ClipSource& source,
                 DatasetFile& dataset) {
  std::map<std::string, int64_t> sources;
  for (int64_t i = 0; i < source.size(); ++i) sources[source.id(i)] = i;
  std::vector<std::pair<int64_t, SampleRecord>> samples;  // with the number of the source
  for (int64_t rank = 0; rank < count; ++rank) {
    const fs::path folder = fs::path("parts") / part_name(rank, count);
    DatasetFile part = read_dataset_file(output / folder);
    const auto first_shard = int64_t(dataset.shards.size());
    for (ShardRecord& shard : part.shards) {
      shard.file = (folder / shard.file).generic_string();
      dataset.shards.push_back(std::move(shard));
    }
    for (size_t i = 0; i < part.samples.size(); ++i) {
      SampleRecord& sample = part.samples[i];
      sample.shard += first_shard;
      sample.place = int64_t(i);
      const int64_t index = source_of(sample.id, sources);
      samples.emplace_back(index, std::move(sample));
    }
    dataset.unused += part.unused;
    if (dataset.kind == Kind::kLatents && rank == 0) {
      dataset.null_text_hash = part.null_text_hash;
      dataset.null_text_index = part.null_text_index;
      write_file_atomically(output / kNullTextFile,
                            read_text_file(output / folder / kNullTextFile));
    }
  }
  std::stable_sort(samples.begin(), samples.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [index, sample] : samples) dataset.samples.push_back(std::move(sample));
}

DropReport read_unused(const fs::path& output) {
  std::map<std::string, media::UnusedClip> clips;
  for (const auto& entry : fs::directory_iterator(output / "parts")) {
    if (!entry.is_directory()) continue;
    const fs::path file = entry.path() / kUnusedFile;
    std::ifstream lines(file);
    int64_t number = 0;
    for (std::string line; std::getline(lines, line);) {
      const std::string where = fmt::format("{}:{}", file.string(), ++number);
      const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      require(!json.is_discarded(), "{}: damaged: not JSON", where);
      const JsonObject clip(json, where);
      const auto id = clip.required<std::string>("id");
      clips[id] = {id, clip.required<std::string>("reason"), clip.required<std::string>("detail"),
                   clip.required<std::string>("remedy")};
    }
  }
  DropReport report;
  for (auto& [id, clip] : clips) report.add(std::move(clip));
  return report;
}

}  // namespace sana::data
