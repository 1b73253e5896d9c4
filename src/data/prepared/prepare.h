// Clips to a prepared data set: decoded, retimed, resized, and for training the DiT encoded, once.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "core/geometry/vae_geometry.h"
#include "core/launch_rank.h"
#include "core/progress.h"
#include "data/clips/clip_config.h"

namespace sana::data {

struct PrepareConfig : ClipConfig {
  std::string source;
  std::string output;
  std::string kind = "latents";
  std::string only = "all";
  int64_t max_shard_mib = 256;

  template <class Binder>
  void bind(Binder& b) {
    b.required("source", source,
               "Folder of clips with captions (x.mp4 + x.txt or x.json), a shard of these (.zip, "
               ".tar, .tar.gz) or a folder with shards, a JSONL file with path and caption, or a "
               "prepared data set of pixels.");
    b.required("output", output, "Folder of the prepared data set.");
    b.field("kind", kind,
            "pixels (to train a VAE, or to encode later) or latents (with text features, to train "
            "the DiT).",
            config::one_of({"pixels", "latents"}));
    ClipConfig::bind(b);
    b.field("only", only, "Which files of the source are used; images are clips of one frame.",
            config::one_of({"all", "videos", "images"}));
    b.field("max_shard_mib", max_shard_mib, "A new HDF5 file is begun above this size.",
            config::at_least<int64_t>(1));
  }
};

// What turns clips into latents; handed in, since this folder does not know the model.
struct Encoders {
  // [1, 3, F, H, W] float32 in [-1, 1] -> normalised latents [1, C, T, h, w]
  std::function<at::Tensor(const at::Tensor&)> latents;
  // B prompts -> features [B, L, E], mask [B, L]
  std::function<std::pair<at::Tensor, at::Tensor>(const std::vector<std::string>&)> text;
  // The same for the empty caption of dropped conditions.
  std::function<std::pair<at::Tensor, at::Tensor>(const std::vector<std::string>&)> negative_text;
  // Tokens of a caption when nothing is cut, and how many are kept. Null: not known.
  std::function<int64_t(const std::string&)> num_tokens;
  int64_t max_tokens = 0;
  std::string vae_identity;
  std::string text_identity;
  std::string vae_name = "VAE";  // for messages: "LTX-2 VAE"
  VaeGeometry geometry;          // which clips the VAE takes, and what size their latents have
};

struct PrepareResult {
  int64_t listed = 0;        // clips of the source
  int64_t unused = 0;        // of these, see unused_clips.jsonl
  int64_t samples = 0;       // in the data set
  int64_t cut_captions = 0;  // longer than the text encoder takes
  bool stopped = false;      // by a signal, before the end; the same call continues
  std::string fingerprint;
};

// Prepares config.source in config.output. A stopped or killed call is continued by the same call,
// with the same result; a finished one is found to be up to date. Every unused clip is listed with
// its reason and remedy in unused_clips.jsonl and in the log; captions that the text encoder cuts
// are counted in dataset.json (source.cut_captions) and in the log. `encoders` is needed for latents
// only.
//
// Of several ranks each makes its share, every ranks.count-th clip, below <output>/parts; rank 0
// waits for the others and joins the shares. The data set has the fingerprint that one process
// gives. The result of other ranks holds no samples.
//
// Throws UserError: no clip usable; the folder holds a data set made with other settings, encoders
// or sources, or one begun by another number of ranks; frames or sizes that the VAE does not take.
// EnvironmentError: disk full, no OpenCV in this build.
PrepareResult prepare(const PrepareConfig& config, const Encoders* encoders, ProgressSink& progress,
                      const LaunchRank& ranks = {});

}  // namespace sana::data
