#include <iostream>
#include <memory>

#include "cli/arguments.h"
#include "cli/phase.h"
#include "cli/prepare_config.h"
#include "cli/sample_arguments.h"
#include "core/device.h"
#include "core/error.h"
#include "core/launch_rank.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "model/vae/wan_vae.h"

namespace sana::cli {
namespace {

// The encoders and the functions over them that the data folder, which knows no model, is handed.
class LoadedEncoders {
 public:
  LoadedEncoders(const PrepareCommandConfig& config, const LaunchRank& ranks)
      : device_(rank_device(config.device, parse_device(config.device), ranks)),
        vae_(model::make_video_vae(model::load_wan_vae(config.vae), device_,
                                   parse_dtype(config.precision))),
        text_(model::load_text_encoder(config.text_encoder, device_)) {}

  data::Encoders functions() const {
    const model::VaeGeometry geometry = vae_->geometry();
    return {
        .latents = [this](const at::Tensor& video) { return encode_video(video); },
        .text = [this](const std::vector<std::string>& p) { return on_cpu(text_->encode(p)); },
        .negative_text =
            [this](const std::vector<std::string>& p) { return on_cpu(text_->encode_negative(p)); },
        .vae_identity = vae_->identity(),
        .text_identity = text_->identity(),
        .temporal_stride = geometry.stride_t,
        .spatial_stride = geometry.stride_h};
  }

 private:
  at::Tensor encode_video(const at::Tensor& video) const {
    return vae_->encode(video.to(device_)).to(at::kCPU, at::kFloat);
  }
  static std::pair<at::Tensor, at::Tensor> on_cpu(const model::TextFeatures& text) {
    return {text.features.to(at::kCPU), text.mask.to(at::kCPU)};
  }

  c10::Device device_;
  std::unique_ptr<model::VideoVae> vae_;
  std::unique_ptr<model::TextEncoder> text_;
};

data::PrepareResult run_prepare(const PrepareCommandConfig& config, const LaunchRank& ranks,
                                ProgressSink& progress) {
  if (config.data.kind != "latents") return data::prepare(config.data, nullptr, progress, ranks);
  const auto loaded = with_phase("loading the encoders",
                                 [&] { return std::make_unique<LoadedEncoders>(config, ranks); });
  const data::Encoders encoders = loaded->functions();
  return with_phase("preparing " + config.data.source,
                    [&] { return data::prepare(config.data, &encoders, progress, ranks); });
}

}  // namespace

int prepare_command(CLI::App& app, const Arguments& arguments) {
  config::Source source;
  add_config_arguments(app, source);
  parse(app, arguments);

  const auto config = config::load<PrepareCommandConfig>(source);
  install_stop_handlers();
  const auto progress = make_console_progress();
  const LaunchRank ranks = launch_rank();
  const data::PrepareResult result = run_prepare(config, ranks, *progress);
  if (result.stopped) {
    log::warning("stopped; run the same command to go on");
    return static_cast<int>(ExitCode::kTerminated);
  }
  if (ranks.rank != 0) return static_cast<int>(ExitCode::kOk);  // rank 0 speaks for all
  std::cout << fmt::format("{}: {} samples from {} clips, {} unused\n", config.data.output,
                           result.samples, result.listed, result.unused);
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace sana::cli
