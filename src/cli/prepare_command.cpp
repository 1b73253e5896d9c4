#include <iostream>
#include <memory>

#include "cli/arguments.h"
#include "cli/phase.h"
#include "cli/prepare_config.h"
#include "cli/sample_arguments.h"
#include "core/config/config.h"
#include "core/device.h"
#include "core/error.h"
#include "core/launch_rank.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "data/prepare_rules.h"
#include "infer/vae_source.h"

namespace sana::cli {
namespace {

// The encoders and the functions over them that the data folder, which knows no model, is handed.
class LoadedEncoders {
 public:
  LoadedEncoders(const PrepareCommandConfig& config, const infer::VaeSource& vae,
                 const data::VaeRule& rule, const LaunchRank& ranks)
      : device_(rank_device(config.device, parse_device(config.device), ranks)),
        rule_(rule),
        vae_(vae.load(device_, parse_dtype(config.precision))),
        text_(model::load_text_encoder(config.text_encoder, device_)) {}

  data::Encoders functions() const {
    return {
        .latents = [this](const at::Tensor& video) { return encode_video(video); },
        .text = [this](const std::vector<std::string>& p) { return on_cpu(text_->encode(p)); },
        .negative_text =
            [this](const std::vector<std::string>& p) { return on_cpu(text_->encode_negative(p)); },
        .vae_identity = vae_->identity(),
        .text_identity = text_->identity(),
        .rule = rule_};
  }

 private:
  at::Tensor encode_video(const at::Tensor& video) const {
    return vae_->encode(video.to(device_)).to(at::kCPU, at::kFloat);
  }
  static std::pair<at::Tensor, at::Tensor> on_cpu(const model::TextFeatures& text) {
    return {text.features.to(at::kCPU), text.mask.to(at::kCPU)};
  }

  c10::Device device_;
  data::VaeRule rule_;
  std::unique_ptr<model::VideoVae> vae_;
  std::unique_ptr<model::TextEncoder> text_;
};

data::VaeRule rule_of(const infer::VaeSource& vae) {
  return {.vae = vae.name,
          .temporal_stride = vae.geometry.stride_t,
          .first_frame_alone = vae.geometry.first_frame_alone,
          .spatial_stride = vae.geometry.stride_h};
}

// Before weights are loaded or a clip is read. Throws UserError that names each key and where it
// was set.
void require_fit(const PrepareCommandConfig& config, const data::VaeRule& rule,
                 const config::Origins& origins) {
  config::Problems problems;
  data::check_for_vae(config.data, rule, problems);
  std::string lines;
  for (const auto& [key, message] : problems.all()) {
    const auto origin = origins.find(key);
    lines += fmt::format("{}{}: {} {}", lines.empty() ? "" : "\n",
                         origin == origins.end() ? "default" : origin->second, key, message);
  }
  if (!lines.empty()) throw UserError(lines);
}

data::PrepareResult run_prepare(const PrepareCommandConfig& config, const config::Origins& origins,
                                const LaunchRank& ranks, ProgressSink& progress) {
  if (config.data.kind != "latents") return data::prepare(config.data, nullptr, progress, ranks);
  const infer::VaeSource vae = with_context("vae", [&] { return infer::find_vae(config.vae); });
  const data::VaeRule rule = rule_of(vae);
  require_fit(config, rule, origins);
  const auto loaded = with_phase("loading the encoders", [&] {
    return std::make_unique<LoadedEncoders>(config, vae, rule, ranks);
  });
  const data::Encoders encoders = loaded->functions();
  return with_phase("preparing " + config.data.source,
                    [&] { return data::prepare(config.data, &encoders, progress, ranks); });
}

}  // namespace

int prepare_command(CLI::App& app, const Arguments& arguments) {
  config::Source source;
  add_config_arguments(app, source);
  parse(app, arguments);

  // As config::load does, and the origins are kept for what the VAE may have to say.
  PrepareCommandConfig config;
  auto document = config::Document::read(source.file, source.overrides);
  document.bind(config);
  document.throw_if_problems();
  install_stop_handlers();
  const auto progress = make_console_progress();
  const LaunchRank ranks = launch_rank();
  const data::PrepareResult result = run_prepare(config, document.origins(), ranks, *progress);
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
