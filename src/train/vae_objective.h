// Training the video VAE on clips and images.
#pragma once
#include "model/vae/wan_vae.h"
#include "train/datasets.h"
#include "train/objective.h"

namespace sana::train {

class VaeObjective : public Objective {
 public:
  // Builds the VAE with fresh weights on `device`.
  VaeObjective(const TrainConfig& config, const Datasets& datasets, c10::Device device);

  torch::nn::Module& module() override { return *vae_; }
  std::vector<MetricPart> metric_parts() const override;
  // {pixels [B, 3, F, H, W] uint8, noise of the posterior [B, C, T, H/8, W/8]}
  std::vector<at::Tensor> draw(const data::Batch& batch, const StepRandom& random) override;
  LossOutput loss(const std::vector<at::Tensor>& inputs) override;
  // An image passes by the convolutions that halve and double the frame rate.
  std::vector<std::string> may_lack_gradient() const override { return {"time_conv"}; }
  // Float32, whatever it trains in.
  c10::ScalarType inference_dtype(c10::ScalarType) const override { return at::kFloat; }
  // PSNR in dB (mean over clips) and L1 of whole held-out clips.
  nlohmann::ordered_json validate() override;
  // reconstruction.png: rows of (input, reconstruction), the middle frame of a few clips.
  void preview(const std::filesystem::path& directory) override;
  // vae.json and vae.safetensors, with the latent statistics of the training set.
  void write_inference_files(const std::filesystem::path& directory) override;
  bool inference_files_need_weights() const override { return true; }
  std::vector<std::pair<std::string, std::string>> describe() const override;

 private:
  // uint8 pixels to [-1, 1] on the device.
  at::Tensor to_input(const at::Tensor& pixels) const;
  // Whole clip through the posterior mean, float32, clamped to [-1, 1].
  at::Tensor reconstruct(const at::Tensor& input);
  void measure_latent_statistics();

  TrainConfig config_;
  Datasets datasets_;
  c10::Device device_;
  model::WanVae vae_{nullptr};
};

}  // namespace sana::train
