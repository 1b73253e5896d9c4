#include <iostream>

#include "checkpoints/checkpoint_layout.h"
#include "checkpoints/run_folder.h"
#include "cli/arguments.h"
#include "cli/checkpoint_facts.h"
#include "cli/facts.h"
#include "cli/inspect.h"
#include "core/device.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "core/progress.h"
#include "core/shape.h"
#include "data/prepared/prepared_dataset.h"
#include "media/unusable.h"

namespace sana::cli {
namespace {

namespace fs = std::filesystem;

void print_tensors(const TensorSummary& summary, bool lists_all) {
  std::string dtypes;
  for (const auto& [dtype, count] : summary.dtypes) {
    dtypes += fmt::format("{}{} of {}", dtypes.empty() ? "" : ", ", count, dtype);
  }
  print_fact("tensors", dtypes.empty() ? "none" : dtypes);
  print_fact("elements", fmt::format("{} in {}, {} file{}", count_string(summary.num_elements),
                                     bytes_string(summary.num_bytes), summary.files.size(),
                                     summary.files.size() == 1 ? "" : "s"));
  for (const auto& [name, value] : summary.metadata) {
    print_fact("metadata",
               name + " = " + (value.size() > 200 ? value.substr(0, 200) + " ..." : value));
  }
  for (const auto& [group, elements] : summary.groups) {
    std::cout << fmt::format("  {:<32}{:>15}\n", group, count_string(elements));
  }
  if (!lists_all) return;
  std::cout << "\n";
  for (const auto& [name, tensor] : summary.tensors) {
    std::cout << fmt::format("  {:<64} {:<10} {}\n", name, c10::toString(tensor.dtype),
                             shape_string(tensor.shape));
  }
}

// The facts of a JSON file: strings, numbers and short lists at its top, and in its sections. Of
// the list of files in a manifest only the length.
void print_json_facts(const std::string& prefix, const nlohmann::json& json) {
  for (const auto& [key, value] : json.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (name == "files") {
      std::cout << fmt::format("  {:<31} {}\n", name, value.size());
    } else if (value.is_object()) {
      print_json_facts(name, value);
    } else if (!value.is_array() || dump_json(value).size() <= 100) {
      std::cout << fmt::format("  {:<31} {}\n", name,
                               value.is_string() ? value.get<std::string>() : dump_json(value));
    }
  }
}

void print_json_file(const fs::path& path) {
  if (!fs::exists(path)) return;
  std::cout << path.filename().string() << "\n";
  print_json_facts("", read_json_file(path, kMaxConfigBytes));
}

// Facts of the model, then its tensors; returns whether the facts say what it can be used for.
bool print_weights(const fs::path& path, const fs::path& weights, bool lists_all) {
  const checkpoints::WeightSource file = checkpoints::open_weights(weights);
  bool has_use = false;
  for (const Fact& fact : checkpoint_facts(path, file)) {
    print_fact(fact);
    has_use = has_use || fact.name == "use";
  }
  print_tensors(file.is_torch_file ? summarize_tensors(file) : summarize_tensors(weights),
                lists_all);
  return has_use;
}

// The parts of a pipeline, and its transformer in full.
void inspect_public(const fs::path& path, bool lists_all) {
  const checkpoints::CheckpointLayout layout = checkpoints::recognize_checkpoint(path);
  print_fact("checkpoint", path.string());
  for (const char* part : {"scheduler", "text_encoder", "tokenizer", "transformer", "vae"}) {
    if (fs::is_directory(path / part)) print_fact("part", part);
  }
  if (layout.weights.empty()) {
    print_fact("layout", layout.description());
    print_fact("weights", "none of a transformer");
    return;
  }
  print_weights(path, layout.weights, lists_all);
}

void inspect_tensors(const fs::path& path, bool lists_all) {
  print_fact("tensors of", path.string());
  const auto files =
      fs::is_directory(path) ? checkpoints::weight_candidates(path) : std::vector{path};
  // Several files that are no variants of each other are no one model.
  bool has_use = false;
  if (files.size() == 1) {
    has_use = print_weights(path, files.front(), lists_all);
  } else {
    print_tensors(summarize_tensors(path), lists_all);
  }
  if (has_use) return;
  print_fact(
      "use",
      "weights: sana-video train (init.from); with 'model' in the metadata: sana-video verify");
}

// Reads every file and every sample. Throws UserError when one is damaged; all of them are printed.
void check_samples(const data::PreparedDataset& dataset) {
  const auto files = dataset.damaged_files();
  const auto progress = make_console_progress();
  progress->begin("comparing checksums", dataset.size(), "samples");
  std::vector<media::UnusedClip> damaged;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    try {
      dataset.sample(i);
    } catch (const media::UnusableClip& problem) {
      damaged.push_back(problem.record(dataset.info(i).id));
    }
    progress->advance();
  }
  progress->end();
  for (const media::UnusedClip& clip : damaged) {
    print_fact("damaged", fmt::format("{} ({}) -> {}", clip.id, clip.detail, clip.remedy));
  }
  for (const std::string& file : files) print_fact("damaged", file);
  require(damaged.empty(), "{} of {} samples are damaged", damaged.size(), dataset.size());
  require(files.empty(), "all samples are whole, but of the files {} {} damaged", files.size(),
          files.size() == 1 ? "is" : "are");
  print_fact("checksums", "all samples are whole");
}

void inspect_dataset(const fs::path& path, bool reads_all) {
  print_fact("data set", path.string());
  const data::PreparedDataset dataset(path, /*cache_bytes=*/0);
  const bool has_latents = dataset.kind() == data::Kind::kLatents;
  std::map<std::string, int64_t> buckets;
  for (int64_t i = 0; i < dataset.size(); ++i)
    buckets[sana::to_string(dataset.info(i).bucket)] += 1;
  print_fact("holds", has_latents ? "latents and text features" : "pixels");
  print_fact("samples", count_string(dataset.size()));
  print_fact("fps", fmt::format("{}", dataset.fps()));
  for (const auto& [bucket, count] : buckets)
    print_fact("bucket", fmt::format("{}: {}", bucket, count_string(count)));
  if (has_latents) {
    print_fact("VAE", dataset.vae_identity());
    print_fact("text encoder", dataset.text_encoder_identity());
  }
  print_fact("fingerprint", dataset.fingerprint());
  print_fact("use",
             has_latents ? "sana-video train, task: video_dit" : "sana-video train, task: vae");
  if (reads_all) check_samples(dataset);
}

// The weights among a checkpoint's files (the others are optimizer state, averages, random
// streams).
fs::path weights_in(const fs::path& folder) {
  for (const char* name : {"vae.safetensors", "model.safetensors"}) {
    const fs::path file = find_safetensors(folder / name);
    if (!file.empty()) return file;
  }
  return folder;
}

void inspect_vae(const fs::path& path, bool lists_all) {
  print_fact("VAE", path.string());
  for (const char* file : {"vae.json", "manifest.json"}) print_json_file(path / file);
  print_tensors(summarize_tensors(weights_in(path)), lists_all);
  print_fact("use", fs::exists(path / "vae.safetensors")
                        ? "sana-video prepare (vae), sana-video train (vae_checkpoint)"
                        : "sana-video train (run.resume, init.from), sana-video export");
}

void inspect_model(const fs::path& path, bool lists_all) {
  print_fact("model", path.string());
  for (const char* file : {"model.json", "pipeline.json", "manifest.json"})
    print_json_file(path / file);
  print_weights(path, weights_in(path), lists_all);
  const bool can_sample =
      fs::exists(path / "pipeline.json") && fs::exists(path / "vae" / "vae.json");
  const bool can_resume = fs::exists(path / "trainer.json");
  print_fact("use",
             fmt::format("sana-video train (init.from{}){}", can_resume ? ", run.resume" : "",
                         can_sample ? ", sana-video sample --checkpoint " + path.string() : ""));
}

// The complete checkpoints of a run, and the newest in full.
void inspect_run(const fs::path& path, bool lists_all) {
  const std::vector<fs::path> steps = checkpoints::list_checkpoints(path);
  print_fact("training run", path.string());
  for (const fs::path& step : steps) print_fact("checkpoint", step.string());
  std::cout << "\n";
  if (fs::exists(steps.back() / "vae.json")) return inspect_vae(steps.back(), lists_all);
  inspect_model(steps.back(), lists_all);
}

}  // namespace

int inspect_command(CLI::App& app, const Arguments& arguments) {
  fs::path path;
  bool lists_all = false, reads_all = false;
  app.add_option(
         "path", path,
         "Checkpoint of any layout, run folder, .safetensors or .pth file, or prepared data set.")
      ->required();
  app.add_flag("--tensors", lists_all, "List every tensor with dtype and shape.");
  app.add_flag("--checksums", reads_all,
               "Read every sample of a prepared data set and compare its checksum.");
  parse(app, arguments);

  const PathKind kind = kind_of(path);
  require(!reads_all || kind == PathKind::kDataset,
          "--checksums is for prepared data sets, and {} is none", path.string());
  switch (kind) {
    case PathKind::kDataset:
      inspect_dataset(path, reads_all);
      break;
    case PathKind::kVae:
      inspect_vae(path, lists_all);
      break;
    case PathKind::kModel:
      inspect_model(path, lists_all);
      break;
    case PathKind::kRun:
      inspect_run(path, lists_all);
      break;
    case PathKind::kPublic:
      inspect_public(path, lists_all);
      break;
    case PathKind::kTensors:
      inspect_tensors(path, lists_all);
      break;
  }
  return 0;
}

}  // namespace sana::cli
