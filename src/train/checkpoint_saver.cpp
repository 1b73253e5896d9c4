#include "train/checkpoint_saver.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "checkpoints/run_folder.h"
#include "core/device.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/json_dump.h"
#include "core/log.h"
#include "core/progress.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// In which a folder that one host has made is seen by the others: network file systems remember for
// a while that a name was not there.
constexpr auto kUntilSeen = std::chrono::seconds(90);

void wait_until_seen(const fs::path& folder, const std::atomic<bool>& is_cancelled) {
  const auto deadline = SteadyClock::now() + kUntilSeen;
  while (!fs::is_directory(folder) && !is_cancelled) {
    if (SteadyClock::now() > deadline) {
      throw EnvironmentError(fmt::format(
          "the folder '{}', which rank 0 has made, is not seen after {} s; run.dir must lie on a "
          "file system that all hosts share",
          folder.string(), kUntilSeen.count()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Failure failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return {e.code(), e.what()};
  } catch (const fs::filesystem_error& e) {
    return {ExitCode::kEnvironment, e.what()};
  } catch (const std::bad_alloc&) {
    return {ExitCode::kEnvironment, "out of memory"};
  } catch (const std::exception& e) {
    return {ExitCode::kBug, e.what()};
  }
}

nlohmann::json to_json(const WrittenShard& shard) {
  return {{"file", shard.file},
          {"name", shard.name},
          {"bytes", shard.digest.bytes},
          {"sha1", shard.digest.sha1},
          {"tensors", shard.tensors}};
}

WrittenShard shard_of(const nlohmann::json& json) {
  return {json.at("file"),
          json.at("name"),
          {json.at("bytes"), json.at("sha1")},
          json.at("tensors").get<std::map<std::string, int64_t>>()};
}

}  // namespace

CheckpointSaver::CheckpointSaver(Settings settings, const World& world)
    : settings_(std::move(settings)), world_(world) {}

CheckpointSaver::~CheckpointSaver() {
  if (stage_ == Stage::kWriting) is_cancelled_ = true;
  task_.finish();
  if (error_ && !is_cancelled_) log::error("{}", failure_of(error_).text);  // nobody asked
}

fs::path CheckpointSaver::open(int64_t step) {
  finish();
  const fs::path target = settings_.run_dir / checkpoints::checkpoint_name(step);
  if (world_.is_main()) writer_.emplace(settings_.run_dir, step);
  folder_ = target;
  folder_ += ".partial";
  SANA_ASSERT(!writer_ || writer_->folder() == folder_);
  world_.control->barrier("the folder of a checkpoint", /*patient=*/true);
  return folder_;
}

void CheckpointSaver::begin(CheckpointHead head, std::vector<SavedPart> parts,
                            std::function<void(const fs::path&)> more,
                            SteadyClock::time_point start) {
  SANA_ASSERT(stage_ == Stage::kIdle);
  head_ = std::move(head);
  parts_ = std::move(parts);
  shards_.clear();
  start_ = start;
  waited_s_ = seconds_since(start);
  is_cancelled_ = false;
  const bool alone = world_.is_alone();
  stage_ = alone ? Stage::kSealing : Stage::kWriting;
  run([this, alone, more = std::move(more)] {
    write(more);
    if (alone) seal();  // nobody has to agree
  });
}

// In the background; an error waits for the others.
void CheckpointSaver::run(std::function<void()> work) {
  progress_ = kBusy;
  error_ = nullptr;
  task_.start([this, work = std::move(work)] {
    try {
      work();
      progress_ = kDone;
    } catch (...) {
      error_ = std::current_exception();
      progress_ = kFailed;
    }
  });
}

void CheckpointSaver::write(const std::function<void(const fs::path&)>& more) {
  const auto begun = SteadyClock::now();
  wait_until_seen(folder_, is_cancelled_);
  if (world_.is_main() && more) more(folder_);
  shards_ = write_shards(folder_, parts_, is_cancelled_);
  wrote_s_ = seconds_since(begun);
}

void CheckpointSaver::seal() {
  const fs::path saved = writer_->seal(head_, parts_, shards_);
  uint64_t bytes = 0;
  for (const WrittenShard& shard : shards_) bytes += shard.digest.bytes;
  const int64_t count = world_.ranks.count;
  log::info("saved {} in {}; training waited {}; {}{} written in {}", saved.string(),
            duration_string(seconds_since(start_)), duration_string(waited_s_),
            bytes_string(int64_t(bytes)), count > 1 ? fmt::format(" by {} processes", count) : "",
            duration_string(wrote_s_));
  try {
    prune_checkpoints(settings_.run_dir, settings_.keep_last, settings_.keep_every);
  } catch (const std::exception& error) {  // this one is whole all the same
    log::warning("older checkpoints of '{}' stay: {}", settings_.run_dir.string(), error.what());
  }
}

void CheckpointSaver::go_on(double largest) {
  if (stage_ == Stage::kIdle || largest == kBusy) return;
  if (largest == kFailed) fail_together();
  task_.finish();
  if (stage_ == Stage::kWriting) return gather_reports();
  stage_ = Stage::kIdle;
  parts_.clear();
  writer_.reset();
}

std::string CheckpointSaver::report() const {
  nlohmann::json json = {
      {"waited", waited_s_}, {"wrote", wrote_s_}, {"shards", nlohmann::json::array()}};
  for (const WrittenShard& shard : shards_) json["shards"].push_back(to_json(shard));
  return dump_json(json);
}

// What everyone has written, for rank 0, which goes on in the background.
void CheckpointSaver::gather_reports() {
  const auto reports = world_.control->gather_text("shards of a checkpoint", report());
  stage_ = Stage::kSealing;
  if (!world_.is_main()) return;
  shards_.clear();
  for (const std::string& text : reports) {
    const nlohmann::json json = nlohmann::json::parse(text);
    waited_s_ = std::max(waited_s_, json.at("waited").get<double>());
    wrote_s_ = std::max(wrote_s_, json.at("wrote").get<double>());
    for (const nlohmann::json& shard : json.at("shards")) shards_.push_back(shard_of(shard));
  }
  run([this] { seal(); });
}

void CheckpointSaver::fail_together() {
  const bool has_failed = progress_ == kFailed;
  is_cancelled_ = true;  // what is written now is of no use
  task_.finish();
  stage_ = Stage::kIdle;
  progress_ = kDone;
  parts_.clear();
  const std::exception_ptr error = std::exchange(error_, nullptr);
  if (world_.is_alone()) {
    writer_.reset();
    std::rethrow_exception(error);
  }
  nlohmann::json mine;
  if (has_failed) {
    const Failure failure = failure_of(error);
    mine = {
        {"code", int(failure.code)},
        {"text", fmt::format("rank {} on {}: {}", world_.ranks.rank, host_name(), failure.text)}};
  }
  // Nobody writes into the folder any more when rank 0 removes it.
  world_.control->barrier("the end of a checkpoint's writing", /*patient=*/true);
  writer_.reset();
  std::optional<Failure> all;
  for (const auto& text : world_.control->gather_text("failures of saving", dump_json(mine))) {
    const nlohmann::json json = nlohmann::json::parse(text);
    if (json.is_null()) continue;
    const auto what = json.at("text").get<std::string>();
    if (!all)
      all = Failure{ExitCode(json.at("code").get<int>()), what};
    else
      all->text += "; " + what;
  }
  SANA_ASSERT(all.has_value());
  throw_failure({all->code, fmt::format("step {} could not be saved: {}", head_.step, all->text)});
}

void CheckpointSaver::finish() {
  while (stage_ != Stage::kIdle) {
    task_.finish();
    // The others may take as long as their disks do: not in a collective whose time is limited.
    world_.control->barrier("the writing of a checkpoint", /*patient=*/true);
    go_on(world_.control->all_reduce("state of saving", progress(), Reduction::kMax));
  }
}

}  // namespace sana::train
