#include "data/prepared/prepare.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/output_lock.h"
#include "core/signals.h"
#include "data/drop_report.h"
#include "data/hdr_count.h"
#include "data/prepared/bucket_table.h"
#include "data/prepared/clip_source.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/prepare_counts.h"
#include "data/prepared/prepare_parts.h"
#include "data/prepared/prepare_rules.h"
#include "data/prepared/prepared_dataset.h"
#include "data/prepared/sample_maker.h"
#include "data/prepared/work_folder.h"
#include "media/unusable.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

Kind parse_kind(const PrepareConfig& config) {
  return config.kind == "latents" ? Kind::kLatents : Kind::kPixels;
}

// All that determines the result: a data set of another plan is stale.
nlohmann::ordered_json plan_of(const DatasetFile& dataset) {
  return {{"kind", kind_name(dataset.kind)},
          {"settings", dataset.settings},
          {"encoders", {{"vae", dataset.vae_identity}, {"text", dataset.text_identity}}},
          {"source_hash", dataset.source.contains("hash") ? dataset.source["hash"] : ""}};
}

void log_rules(const PrepareConfig& config, const Encoders* encoders) {
  if (is_prepared(config.source)) return;  // made by the rules of that data set
  const auto lines = encoders == nullptr ? explain_rules(config, config.only)
                                         : explain_rules(config, config.only, encoders->geometry,
                                                         encoders->vae_name);
  for (const std::string& line : lines) log::info("{}", line);
}

// False when asked to stop.
bool prepare_source(const ClipSource& source, int64_t index, SampleMaker& maker, WorkFolder& work) {
  std::optional<media::UnusedClip> problem;
  try {
    for (const SourceClip& clip : source.read(index)) {
      if (work.has_sample(clip.id)) continue;
      if (stop_signal() != 0) return false;
      const Sample sample = maker.make(clip, source.caption(index));
      SampleRecord record{clip.id, source.caption(index), {},
                          0,       sample_hash(sample),   clip.source_fps,
                          {},      source.weight(index),  clip.hdr};
      record.bucket = {clip.pixels.size(1), clip.pixels.size(2), clip.pixels.size(0)};
      work.add_sample(std::move(record), sample);
    }
  } catch (const Stopped&) {
    return false;  // in the middle of a long video
  } catch (const media::UnusableClip& unusable) {
    problem = unusable.record(source.id(index));
  }
  work.finish_source(source.id(index), problem);
  return true;
}

bool prepare_all(const ClipSource& source, SampleMaker& maker, WorkFolder& work,
                 ProgressSink& progress) {
  progress.begin("preparing", source.size(), "clips");
  for (int64_t i = 0; i < source.size(); ++i) {
    const bool is_done = work.is_source_done(source.id(i));
    if (!is_done && (stop_signal() != 0 || !prepare_source(source, i, maker, work))) {
      progress.end();
      return false;
    }
    progress.advance();
  }
  progress.end();
  return true;
}

// "retimed to 16 fps: 21 clips from 29.97 fps, 3 from 25 fps"
void log_retiming(const std::vector<SampleRecord>& samples, double fps) {
  std::map<std::string, int64_t> counts;
  int64_t num_repeating = 0;
  for (const SampleRecord& sample : samples) {
    if (sample.source_fps == 0) continue;  // an image
    ++counts[fmt::format("{:.4g}", sample.source_fps)];
    // Below this rate some frame of the source must stand twice.
    if (sample.source_fps < 0.95 * fps) ++num_repeating;
  }
  std::string text;
  for (const auto& [rate, count] : counts) {
    text += fmt::format("{}{} from {} fps", text.empty() ? "" : ", ", count, rate);
  }
  if (!text.empty()) log::info("data: clips retimed to {:g} fps: {}", fps, text);
  if (num_repeating > 0) {
    log::warning("{} clips have fewer than {:g} frames per second and repeat some", num_repeating,
                 fps);
  }
}

void log_hdr(const std::vector<SampleRecord>& samples) {
  HdrCount count;
  for (const SampleRecord& sample : samples) count.add(sample.hdr);
  if (count.total() > 0) log::warning("data: {}", count.text());
}

// Lists and logs what is not used. Throws UserError when nothing is left.
void report_unused(const PrepareConfig& config, int64_t listed,
                   const std::vector<SampleRecord>& samples, const DropReport& report) {
  const fs::path list = fs::path(config.output) / kUnusedFile;
  report.write(list);
  std::set<ClipSize> buckets;
  for (const SampleRecord& sample : samples) buckets.insert(sample.bucket);
  std::string summary = report.summary(listed, static_cast<int64_t>(samples.size()),
                                       static_cast<int64_t>(buckets.size()));
  if (!report.clips().empty()) summary += "\nfull list: " + list.string();
  require(!samples.empty(), "source: {}: no clip is usable\n{}", config.source, summary);
  log::info("{}", summary);
  log::info("{}", bucket_table(samples));
  const auto unused = static_cast<int64_t>(report.clips().size());
  if (5 * unused > listed) {
    log::warning("{} of {} clips ({} %) are not used; see {}", unused, listed,
                 100 * unused / listed, list.string());
  }
}

// The finished data set of this plan, if it is there. Throws UserError when it is one of another.
std::optional<DatasetFile> find_finished(const fs::path& output,
                                         const nlohmann::ordered_json& plan) {
  if (!fs::exists(output / "dataset.json")) return std::nullopt;
  DatasetFile dataset = read_dataset_file(output);
  check_same_plan(output, plan_of(dataset), plan);
  log::info("{}: complete and up to date, {} samples", output.string(), dataset.samples.size());
  return dataset;
}

// Of a process that was killed after the last write of a finished data set. Throws UserError when it
// is still at work.
void remove_remains(const fs::path& output) {
  if (!fs::exists(output / "work") && !fs::exists(OutputLock::name_of_folder(output))) return;
  const OutputLock lock = OutputLock::of_folder(output);
  fs::remove_all(output / "work");
}

// The description of a data set that has no sample yet.
DatasetFile describe(Kind kind, const PrepareConfig& config, const ClipSource& source,
                     const Encoders* encoders) {
  DatasetFile dataset;
  dataset.kind = kind;
  dataset.settings = source.settings();
  dataset.source = {{"path", config.source}, {"files", source.size()}, {"hash", source.hash()}};
  dataset.listed = source.size();
  if (encoders != nullptr) {
    dataset.vae_identity = encoders->vae_identity;
    dataset.text_identity = encoders->text_identity;
    dataset.geometry = encoders->geometry;
  }
  return dataset;
}

// Everything is on disk when dataset.json appears; then the work folder goes.
void finish(DatasetFile& dataset, const fs::path& output, const SampleMaker& maker,
            WorkFolder& work) {
  if (dataset.kind == Kind::kLatents) {
    write_null_text(output, maker.make_null_text(), dataset);
  }
  dataset.unused = static_cast<int64_t>(work.unused().size());
  dataset.shards = work.finish_shards();
  dataset.samples = work.samples();
  write_dataset_file(output, dataset);
  work.remove();
  log::info("{}: {} samples, {}", output.string(), dataset.samples.size(), kind_name(dataset.kind));
}

std::set<std::string> ids_of(const DropReport& report) {
  std::set<std::string> ids;
  for (const media::UnusedClip& clip : report.clips()) ids.insert(clip.id);
  return ids;
}

// Captions that are cut, into the description and the log.
void report_cut_captions(DatasetFile& dataset, const std::vector<SampleRecord>& samples,
                         const Encoders* encoders) {
  if (encoders == nullptr) return;
  const CutCaptions cut = find_cut_captions(samples, *encoders);
  if (cut.count == 0) return;
  dataset.source["cut_captions"] = {
      {"count", cut.count}, {"longest", cut.longest}, {"first", cut.first}};
  log::warning("{}", cut_captions_text(cut, encoders->max_tokens));
}

int64_t num_cut_captions(const DatasetFile& dataset) {
  const auto cut = dataset.source.find("cut_captions");
  const bool is_known = cut != dataset.source.end() && cut->is_object() && cut->contains("count") &&
                        (*cut)["count"].is_number_integer();
  return is_known ? (*cut)["count"].get<int64_t>() : 0;
}

PrepareResult result_of(const DatasetFile& dataset) {
  return {dataset.listed,
          dataset.unused,
          static_cast<int64_t>(dataset.samples.size()),
          num_cut_captions(dataset),
          false,
          dataset.fingerprint()};
}

// What this process alone makes of a source: a whole data set, or one part of it.
PrepareResult prepare_here(const PrepareConfig& config, const ClipSource& source,
                           const Encoders* encoders, DatasetFile& dataset, ProgressSink& progress) {
  const bool is_part = source.is_part();
  ensure_writable_directory(config.output);
  const OutputLock lock = OutputLock::of_folder(config.output);
  // Whoever held it may have finished in the meantime.
  if (const auto finished = find_finished(config.output, plan_of(dataset))) {
    fs::remove_all(fs::path(config.output) / "work");
    return result_of(*finished);
  }
  WorkFolder work(config.output, plan_of(dataset), config.max_shard_mib << 20);
  if (!work.samples().empty()) {
    log::info("{}: continuing, {} samples are there already", config.output, work.samples().size());
  }
  SampleMaker maker(encoders);
  if (!prepare_all(source, maker, work, progress)) {
    log::warning("stopped with {} samples in {}; run the same command again to continue",
                 work.samples().size(), config.output);
    return {source.size(),
            static_cast<int64_t>(work.unused().size()),
            static_cast<int64_t>(work.samples().size()),
            0,
            true,
            ""};
  }
  DropReport unused;
  for (const auto& [id, clip] : work.unused()) unused.add(clip);
  check_counts(source, work.samples(), ids_of(unused));
  if (is_part) {  // told of the whole, once all parts are there
    unused.write(fs::path(config.output) / kUnusedFile);
  } else {
    if (work.samples().empty()) work.remove();
    report_unused(config, source.size(), work.samples(), unused);
    log_retiming(work.samples(), dataset.fps());
    log_hdr(work.samples());
    report_cut_captions(dataset, work.samples(), encoders);
  }
  finish(dataset, config.output, maker, work);
  return result_of(dataset);
}

}  // namespace

PrepareResult prepare(const PrepareConfig& config, const Encoders* encoders, ProgressSink& progress,
                      const LaunchRank& ranks) {
  const Kind kind = parse_kind(config);
  if (kind == Kind::kPixels) encoders = nullptr;
  SANA_ASSERT((kind == Kind::kLatents) == (encoders != nullptr));
  if (encoders != nullptr && !is_prepared(config.source)) {
    require_fit(config, config.only, encoders->geometry, encoders->vae_name);
  }
  if (ranks.rank == 0) log_rules(config, encoders);
  const fs::path output = config.output;
  // A finished one may be asked for by any number; otherwise nothing is read in vain.
  if (!fs::exists(output / "dataset.json")) check_same_ranks(output, ranks);
  std::unique_ptr<ClipSource> source = open_clip_source(config, progress, ranks);
  if (encoders != nullptr) source->check_for_vae(encoders->geometry, encoders->vae_name);

  DatasetFile dataset = describe(kind, config, *source, encoders);
  const auto plan = plan_of(dataset);
  if (const auto finished = find_finished(output, plan)) {
    remove_remains(output);
    return result_of(*finished);
  }
  if (ranks.count == 1) return prepare_here(config, *source, encoders, dataset, progress);

  PrepareConfig part = config;
  part.output = part_folder(output, ranks).string();
  const PartSource share(*source, ranks);
  DatasetFile part_dataset = describe(kind, part, share, encoders);
  if (!find_finished(part.output, plan_of(part_dataset))) {
    const auto result = prepare_here(part, share, encoders, part_dataset, progress);
    if (result.stopped) return result;
  }
  if (ranks.rank != 0) return {source->size(), 0, 0, 0, false, ""};
  if (!wait_for_parts(output, ranks.count, progress)) {
    return {source->size(), 0, 0, 0, true, ""};
  }
  merge_parts(output, ranks.count, *source, dataset);
  const DropReport unused = read_unused(output);
  check_counts(*source, dataset.samples, ids_of(unused));
  report_unused(config, source->size(), dataset.samples, unused);
  log_retiming(dataset.samples, dataset.fps());
  log_hdr(dataset.samples);
  report_cut_captions(dataset, dataset.samples, encoders);
  write_dataset_file(output, dataset);
  log::info("{}: {} samples of {} processes", output.string(), dataset.samples.size(), ranks.count);
  return result_of(dataset);
}

}  // namespace sana::data
