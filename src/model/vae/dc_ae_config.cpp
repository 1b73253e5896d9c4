#include "model/vae/dc_ae_config.h"

#include "core/config/check.h"
#include "core/error.h"

namespace sana::model {
namespace {

using config::Problems;

void check_whole_multiple(Problems& problems, const std::string& key, int64_t larger,
                          int64_t smaller) {
  if (smaller > 0 && larger % smaller == 0) return;
  problems.add(key, fmt::format("needs channels that divide each other: {} is no multiple of {}",
                                larger, smaller));
}

// Widths on both sides of a halving of rows and columns. In the decoder data flows the other way,
// but the shortcut's arithmetic is the same: 4 fine channels stand for one coarse pixel.
void check_transition(Problems& problems, const std::string& key, int64_t fine, int64_t coarse,
                      bool folds_into_channels) {
  check_whole_multiple(problems, key, 4 * fine, coarse);
  if (folds_into_channels) check_whole_multiple(problems, key, coarse, 4);
}

// A stage without layers has no resampling either, so its neighbours must fit each other.
void check_stages(Problems& problems, const std::string& key, const std::vector<DcAeStage>& stages,
                  bool folds_into_channels) {
  constexpr size_t kMostStages = 16;
  if (stages.empty()) return problems.add(key, "must have at least one stage");
  if (stages.size() > kMostStages) {
    return problems.add(
        key, fmt::format("may have at most {} stages, has {}", kMostStages, stages.size()));
  }
  const bool reduced = stages[0].layers == 0;
  if (reduced && stages.size() == 1) return problems.add(key, "must have at least one layer");
  if (reduced && folds_into_channels) {
    check_whole_multiple(problems, key, stages[1].width, 4);
  }
  for (size_t i = reduced ? 1 : 0; i < stages.size(); ++i) {
    if (stages[i].layers == 0) {
      problems.add(key, fmt::format("has no layer in stage {}; only stage 0 may have none", i));
    }
    if (i + 1 < stages.size()) {
      check_transition(problems, key, stages[i].width, stages[i + 1].width, folds_into_channels);
    }
  }
}

void check_heads(Problems& problems, const std::string& key, const std::vector<DcAeStage>& stages,
                 int64_t head_dim) {
  for (const DcAeStage& stage : stages) {
    stage.validate(problems);
    if (stage.block == "EfficientViTBlock" && stage.width < head_dim) {
      problems.add(key, fmt::format("has attention over {} channels, fewer than one head of {}",
                                    stage.width, head_dim));
    }
  }
}

}  // namespace

void DcAeStage::validate(Problems& problems) const {
  for (const int64_t scale : scales) {
    if (scale < 1 || scale > 99 || scale % 2 == 0) {
      problems.add("scales", fmt::format("must be odd and between 1 and 99, got {}", scale));
    }
  }
}

void DcAeConfig::validate(Problems& problems) const {
  check_stages(problems, "encoder", encoder, !strided_downsampling);
  check_stages(problems, "decoder", decoder, false);
  check_heads(problems, "encoder", encoder, head_dim);
  check_heads(problems, "decoder", decoder, head_dim);
  if (encoder.empty() || decoder.empty()) return;
  if (encoder.size() != decoder.size()) {
    problems.add("decoder", fmt::format("has {} stages, the encoder {}; they mirror each other",
                                        decoder.size(), encoder.size()));
  }
  if (encoder_out_shortcut) {
    check_whole_multiple(problems, "encoder", encoder.back().width, latent_channels);
  }
  if (decoder_in_shortcut) {
    check_whole_multiple(problems, "decoder", decoder.back().width, latent_channels);
  }
  if (!(scaling_factor > 0.0)) {
    problems.add("scaling_factor", fmt::format("must be above 0, got {}", scaling_factor));
  }
}

VaeGeometry DcAeConfig::geometry() const {
  VaeGeometry geometry;
  geometry.stride_t = 1;
  geometry.stride_h = geometry.stride_w = int64_t(1) << (encoder.size() - 1);
  geometry.latent_channels = latent_channels;
  return geometry;
}

}  // namespace sana::model
