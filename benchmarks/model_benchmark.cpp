// Times our models at the public sizes with random bfloat16 weights: one JSON line per measurement.
//   model_benchmark [dit480] [dit720] [wan] [ltx] [gemma] [--device cuda] [--repeats 5] [--profile]
// benchmarks/compare.py runs it beside the public implementation and prints the ratios.
#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "checkpoints/public/ltx2_vae_public.h"
#include "core/device.h"
#include "core/error.h"
#include "kernel_profile.h"
#include "model/parameter.h"
#include "model/sana_video.h"
#include "model/text_encoder/gemma2/gemma2.h"
#include "model/vae/ltx2_vae.h"
#include "model/vae/wan_vae.h"

namespace {

using sana::model::SanaVideo;
using sana::model::SanaVideoConfig;

struct Options {
  std::vector<std::string> what;
  std::string device = "cuda";
  int repeats = 5;
  bool profile = false;
};

// Median milliseconds of `body` after two warm-up runs, and the peak memory of its tensors.
void report(const std::string& what, const Options& options, const std::function<void()>& body) {
  const c10::Device device = sana::parse_device(options.device);
  for (int i = 0; i < 2; ++i) body();
  sana::synchronize(device);
  sana::reset_peak_device_memory(device);
  std::vector<double> times;
  for (int i = 0; i < options.repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    body();
    sana::synchronize(device);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times.begin(), times.end());
  std::cout << nlohmann::json{{"what", what},
                              {"ms", times[times.size() / 2]},
                              {"spread_ms", times.back() - times.front()},
                              {"peak_GiB", double(sana::peak_device_memory(device)) / (1 << 30)}}
            << std::endl;
  if (!options.profile) return;
  const auto kernels = sana::benchmarks::profile_kernels([&] {
    body();
    sana::synchronize(device);
  });
  for (const auto& kernel : kernels) {
    std::cout << fmt::format("  {:>10.1f} us {:>6} x  {}\n", kernel.total_us, kernel.calls,
                             kernel.name.substr(0, 150));
  }
}

// Random weights of standard deviation 0.02 on the device, without a copy on the host.
template <class Module>
void randomize(Module& module, c10::Device device) {
  const at::NoGradGuard no_grad;
  for (auto& parameter : module->parameters()) {
    parameter.set_data(at::randn(parameter.sizes(), at::dtype(at::kBFloat16).device(device)) *
                       0.02);
  }
  module->eval();
}

at::Tensor random_input(at::IntArrayRef shape, const Options& options) {
  return at::randn(shape, at::dtype(at::kBFloat16).device(sana::parse_device(options.device)));
}

void time_dit(const std::string& what, const SanaVideoConfig& config, at::IntArrayRef latent_shape,
              const Options& options) {
  const c10::Device device = sana::parse_device(options.device);
  SanaVideo model{nullptr};
  {
    const sana::model::UnfilledParameters unfilled;
    model = SanaVideo(config);
  }
  randomize(model, device);
  const at::Tensor x = random_input(latent_shape, options);
  const at::Tensor text = random_input({2, 300, config.text_dim}, options);
  const at::Tensor mask = at::ones({2, 300}, at::dtype(at::kLong).device(device));
  const at::Tensor timestep = at::full({2}, 500.0, at::dtype(at::kFloat).device(device));
  report(what, options, [&] { model->forward(x, timestep, text, mask); });
}

void time_ltx_decode(const Options& options) {
  const c10::Device device = sana::parse_device(options.device);
  sana::model::Ltx2Vae vae(sana::checkpoints::ltx2_vae_public_config(),
                           at::TensorOptions().dtype(at::kBFloat16).device(device));
  for (auto& parameter : vae->parameters()) parameter.normal_(0.0, 0.02);
  const auto decoder = sana::model::make_video_vae(vae, device, at::kBFloat16);
  const at::Tensor z = random_input({1, 128, 11, 22, 40}, options);
  report("ltx", options, [&] { vae->decode(z); });
}

void time_gemma(const Options& options) {
  const c10::Device device = sana::parse_device(options.device);
  sana::model::Gemma2Config config;
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) config.is_sliding.push_back(i % 2 == 0);
  sana::model::Gemma2 gemma(config);
  randomize(gemma, device);
  const at::Tensor ids = at::randint(0, 256000, {2, 512}, at::dtype(at::kLong).device(device));
  const at::Tensor mask = at::ones({2, 512}, at::dtype(at::kLong).device(device));
  report("gemma", options, [&] { gemma->forward(ids, mask); });
}

void time_wan_decode(const Options& options) {
  sana::model::WanVae vae{nullptr};
  {
    const sana::model::UnfilledParameters unfilled;
    vae = sana::model::WanVae(sana::model::WanVaeConfig{});
  }
  randomize(vae, sana::parse_device(options.device));
  const at::Tensor z = random_input({1, 16, 21, 60, 104}, options);
  report("wan", options, [&] { vae->decode_chunked(z); });
}

void run(const std::string& what, const Options& options) {
  if (what == "dit480") return time_dit(what, SanaVideoConfig{}, {2, 16, 21, 60, 104}, options);
  if (what == "dit720") {
    SanaVideoConfig config;
    config.latent_channels = 128;
    config.patch_size = {1, 1, 1};
    return time_dit(what, config, {2, 128, 11, 22, 40}, options);
  }
  if (what == "wan") return time_wan_decode(options);
  if (what == "ltx") return time_ltx_decode(options);
  if (what == "gemma") return time_gemma(options);
  throw sana::UserError("unknown benchmark '" + what +
                        "'; known are dit480, dit720, wan, ltx, gemma");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times our models at the public sizes.");
  Options options;
  app.add_option("what", options.what, "dit480, dit720, wan, ltx, gemma");
  app.add_option("--device", options.device, "cuda or cpu");
  app.add_option("--repeats", options.repeats, "timed runs");
  app.add_flag("--profile", options.profile, "also print the time of each kernel");
  CLI11_PARSE(app, argc, argv);
  const at::NoGradGuard no_grad;
  try {
    for (const std::string& what : options.what) run(what, options);
  } catch (const sana::Error& error) {
    std::cerr << "error: " << error.what() << "\n";
    return int(error.code());
  }
  return 0;
}
