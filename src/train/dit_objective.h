// Flow matching of the video DiT on prepared latents.
#pragma once
#include <memory>

#include "model/sana_video.h"
#include "train/datasets.h"
#include "train/dit_preview.h"
#include "train/objective.h"

namespace sana::train {

class DitObjective : public Objective {
 public:
  // Builds the model with fresh weights on `device`. Throws UserError when the data does not fit
  // the model (latent channels, width of the text) or data and VAE do not belong together.
  DitObjective(const TrainConfig& config, const Datasets& datasets, c10::Device device);

  torch::nn::Module& module() override { return *model_; }
  std::vector<MetricPart> metric_parts() const override;
  // {clean [B, C, T, h, w], noise like clean, sigma [B], timestep [B], text [B, L, E],
  // text_mask [B, L]}
  std::vector<at::Tensor> draw(const data::Batch& batch, const StepRandom& random) override;
  LossOutput loss(const std::vector<at::Tensor>& inputs) override;
  // Each member has some frames of every clip.
  void share_samples(Communicator* group) override { group_ = group; }
  nlohmann::ordered_json validate() override;
  void preview(const std::filesystem::path& directory) override;
  void write_inference_files(const std::filesystem::path& directory) override;
  std::vector<std::pair<std::string, std::string>> describe() const override;

 private:
  // Per-sample loss [B] of clean latents at given noise and levels; everything on the device.
  at::Tensor sample_losses(const at::Tensor& clean, const at::Tensor& noise,
                           const NoiseLevels& levels, const at::Tensor& text,
                           const at::Tensor& text_mask, const model::FramePart& part = {});
  // Of the same whole samples, of which this process computes its frames: [B], of which the mean
  // over the group is the loss of the sample.
  at::Tensor shared_losses(const at::Tensor& clean, const at::Tensor& noise,
                           const NoiseLevels& levels, const at::Tensor& text,
                           const at::Tensor& text_mask);
  // Replaces the text of a random share of the samples by that of the empty caption, with its mask.
  void drop_captions(data::Batch& batch, const RandomStream& stream) const;
  void check_data() const;
  std::string sharing() const;

  TrainConfig config_;
  Datasets datasets_;
  c10::Device device_;
  model::SanaVideo model_{nullptr};
  Communicator* group_ = nullptr;  // of the processes that share clips; null: none
  std::unique_ptr<DitPreview> preview_;
};

}  // namespace sana::train
