#include <iostream>

#include "cli/arguments.h"
#include "cli/sample_arguments.h"
#include "core/device.h"
#include "core/error.h"
#include "infer/memory/memory_estimate.h"

namespace sana::cli {
namespace {

void print_part(const std::string& name, const infer::PartMemory& part) {
  std::cout << fmt::format("{:<16}{:>12}{:>14}{:>12}\n", name, bytes_string(part.weights),
                           bytes_string(part.activations), bytes_string(part.total()));
}

void print_estimate(const infer::MemoryEstimate& estimate) {
  std::cout << fmt::format("{:<16}{:>12}{:>14}{:>12}\n", "", "weights", "activations", "together");
  print_part("text encoder", estimate.text_encoder);
  print_part("transformer", estimate.transformer);
  print_part("VAE", estimate.vae);
  std::cout << fmt::format("{:<16}{:>38}\n", "peak", bytes_string(estimate.peak()));
  std::cout << fmt::format("{:<16}{:>38}\n", "with --offload",
                           bytes_string(estimate.peak_offloaded()));
}

// Whether it fits into the device that is there.
void print_advice(const infer::MemoryEstimate& estimate, c10::Device device) {
  const int64_t there = device.is_cuda() ? device_memory(device) : host_memory().total;
  std::cout << fmt::format("{:<16}{:>38}\n", device.str() + " has", bytes_string(there));
  if (estimate.peak() <= there) {
    std::cout << "it fits\n";
  } else if (estimate.peak_offloaded() <= there) {
    std::cout << "it fits with --offload\n";
  } else {
    std::cout << "it does not fit: try --tile 512 or smaller, fewer --frames, a smaller size\n";
  }
}

}  // namespace

int check_command(CLI::App& app, const Arguments& arguments) {
  SampleArguments a;
  add_checkpoint_options(app, a);
  add_job_options(app, a);
  add_precision_options(app, a);
  parse(app, arguments);
  const c10::Device device = device_of(a, launch_rank());
  const infer::Checkpoint checkpoint = open_checkpoint(a);
  const infer::SampleJob job = default_job(a, checkpoint.pipeline);
  infer::check_job(job, checkpoint);
  const infer::RunnerOptions options = runner_options(a, checkpoint, device);
  const infer::ClipSize size = infer::generated_size(job.size, checkpoint);
  std::cout << fmt::format("{} frames of {}x{}, transformer in {}, {} in {}\n", size.frames,
                           size.height, size.width, dtype_name(options.dtype), checkpoint.vae.name,
                           dtype_name(options.vae_dtype));
  const auto estimate =
      infer::estimate_sampling(checkpoint, job, options.dtype, options.vae_dtype, options.tiling);
  print_estimate(estimate);
  print_advice(estimate, device);
  return 0;
}

}  // namespace sana::cli
