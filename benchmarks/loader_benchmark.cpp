// How fast the loader hands out batches: samples of a prepared data set that is made for the
// purpose, beside reading the bare files; and clips that are decoded while training, beside
// decoding alone.
//
// usage: loader_benchmark prepared FOLDER [--samples N] [--batch N]
//        loader_benchmark clips SOURCE [--frames N] [--size HEIGHTxWIDTH] [--batch N]
#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "best_seconds.h"
#include "core/build_config.h"
#include "core/progress.h"
#include "data/loading/clip_dataset.h"
#include "data/loading/loader.h"
#include "data/prepared/prepared_dataset.h"
#include "data/prepared/sample_store.h"
#include "data/prepared/work_folder.h"
#include "media/unusable.h"
#if SANA_HAS_VIDEO_IO
#include "data/clips/place_stream.h"
#endif

namespace {

namespace fs = std::filesystem;
using namespace sana;
using benchmark::best_seconds;
using Clock = std::chrono::steady_clock;

void print_row(const std::string& name, double seconds, double count, double bytes, double peer_s) {
  std::printf("%-34s %8.1f samples/s %7.2f GB/s  %5.2f of the bare time\n", name.c_str(),
              count / seconds, bytes / seconds / 1e9, seconds / peer_s);
}

// One epoch of a data set.
double epoch_seconds(const std::shared_ptr<const data::Dataset>& dataset, int64_t batch,
                     int64_t workers) {
  return best_seconds([&] {
    data::LoaderOptions options;
    options.batch_size = batch;
    options.num_workers = workers;
    options.prefetch = 2 * workers;
    data::PrefetchLoader loader(dataset, options, {});
    while (loader.position().epoch == 0) loader.next();
  });
}

// Clips of 81 frames at 480x832 as the Wan VAE and Gemma give them: 11 MB each.
data::Sample latents_of_480p() {
  data::Sample sample;
  sample.latents = at::randn({16, 21, 60, 104});
  sample.text = at::randn({300, 2304});
  sample.text.narrow(0, 60, 240).zero_();  // padding
  sample.mask = at::zeros({300}, at::kLong);
  return sample;
}

void make_dataset(const fs::path& folder, int64_t samples) {
  data::WorkFolder work(folder, {{"benchmark", samples}}, int64_t{256} << 20);
  data::DatasetFile dataset;
  dataset.kind = data::Kind::kLatents;
  for (int64_t i = 0; i < samples; ++i) {
    const data::Sample sample = latents_of_480p();
    data::SampleRecord record;
    record.id = std::to_string(i);
    record.bucket = {480, 832, 81};
    record.hash = data::sample_hash(sample);
    work.add_sample(record, sample);
  }
  data::Sample null_text = latents_of_480p();
  null_text.latents = at::Tensor();
  data::write_null_text(folder, null_text, dataset);
  dataset.settings = {{"fps", 16.0}};
  dataset.source = {{"path", "benchmark"}, {"hash", "0"}};
  dataset.shards = work.finish_shards();
  dataset.samples = work.samples();
  data::write_dataset_file(folder, dataset);
  work.remove();
}

void read_bare(const fs::path& folder) {
  std::vector<char> block(size_t{1} << 20);
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    while (file.read(block.data(), std::streamsize(block.size()))) continue;
  }
}

void run_prepared(const fs::path& folder, int64_t samples, int64_t batch) {
  if (!fs::exists(folder / "dataset.json")) make_dataset(folder, samples);
  const auto uncached = std::make_shared<data::PreparedDataset>(folder, /*cache_bytes=*/0);
  const double count = double(uncached->size());
  const double bytes = count * double(data::sample_bytes(uncached->like(0)));
  const double bare_s = best_seconds([&] { read_bare(folder); });
  print_row("bare files (page cache)", bare_s, count, bytes, bare_s);
  for (const int64_t workers : {1, 2, 4, 8}) {
    print_row("checked samples, threads: " + std::to_string(workers),
              epoch_seconds(uncached, batch, workers), count, bytes, bare_s);
  }
  const auto cached = std::make_shared<data::PreparedDataset>(folder, int64_t(2 * bytes));
  epoch_seconds(cached, batch, 1);
  print_row("from memory, threads: 1", epoch_seconds(cached, batch, 1), count, bytes, bare_s);
}

#if SANA_HAS_VIDEO_IO
// When the last frame of a file's clip is shown; nothing for one that gives none.
std::optional<double> end_of_clip(const data::SourceItem& item,
                                  const data::ClipSettings& settings) {
  try {
    const data::PlannedClip clip = data::plan_clips(item.place, settings).clips.front();
    return clip.first_s + double(clip.offsets_s.back());
  } catch (const media::UnusableClip&) {
    return std::nullopt;
  }
}

// Every file up to the last frame of its clip, decoded and thrown away.
void decode_bare(const std::vector<data::SourceItem>& items, const data::ClipSettings& settings) {
  for (const data::SourceItem& item : items) {
    const auto end_s = end_of_clip(item, settings);
    if (!end_s) continue;
    const auto stream = data::open_stream(item.place, data::open_bytes(item.place));
    while (stream->next() && stream->time_s() < *end_s) continue;
  }
}

void run_clips(const std::string& source, int64_t frames, const std::string& size, int64_t batch) {
  data::ClipDatasetConfig config;
  config.source = source;
  config.only = "videos";
  config.needs_captions = false;
  config.clips.frames = frames;
  config.clips.buckets.sizes = {size};
  const auto progress = make_silent_progress();
  const auto start = Clock::now();
  const auto clips = std::make_shared<data::ClipDataset>(config, *progress);
  std::printf("looking through %lld files: %.2f s\n", static_cast<long long>(clips->num_listed()),
              std::chrono::duration<double>(Clock::now() - start).count());
  const double count = double(clips->size());
  const double bytes = count * double(data::sample_bytes(clips->like(0)));
  const auto items = data::list_sources(source, "videos");
  const double bare_s =
      best_seconds([&] { decode_bare(items, data::clip_settings(config.clips)); });
  print_row("decoding alone, threads: 1", bare_s, count, bytes, bare_s);
  for (const int64_t workers : {1, 2}) {
    print_row("clips, threads: " + std::to_string(workers), epoch_seconds(clips, batch, workers),
              count, bytes, bare_s);
  }
}
#endif

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How fast the loader is.");
  app.require_subcommand(1);
  std::string source, size = "480x832";
  int64_t samples = 64, batch = 4, frames = 17;
  auto* prepared =
      app.add_subcommand("prepared", "Samples of a prepared data set of 480p latents.");
  prepared->add_option("folder", source, "Made when it is not there.")->required();
  prepared->add_option("--samples", samples, "In a data set that is made.");
  prepared->add_option("--batch", batch, "Samples.");
  auto* clips = app.add_subcommand("clips", "Clips that are decoded when they are read.");
  clips->add_option("source", source, "Folder, list or shard.")->required();
  clips->add_option("--frames", frames, "Of each clip.");
  clips->add_option("--size", size, "Height x width.");
  clips->add_option("--batch", batch, "Samples.");
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(1);
  if (prepared->parsed()) {
    run_prepared(source, samples, batch);
    return 0;
  }
#if SANA_HAS_VIDEO_IO
  run_clips(source, frames, size, batch);
  return 0;
#else
  std::fprintf(stderr, "this build cannot decode clips\n");
  return 2;
#endif
}
