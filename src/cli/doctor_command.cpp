#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "checkpoints/text_encoder_source.h"
#include "cli/arguments.h"
#include "cli/gpu_probe.h"
#include "core/build_config.h"
#include "core/device.h"
#include "core/error.h"
#include "media/encode/video_encoder.h"
#include "model/text_encoder/text_encoder.h"
#if SANA_HAS_VIDEO_IO
extern "C" {
#include <libavcodec/avcodec.h>
}
#endif

namespace sana::cli {
namespace {

constexpr int64_t kGiB = int64_t{1} << 30;

// One line per fact; what is amiss goes to the end with one line of advice each.
class Report {
 public:
  void fact(const std::string& topic, const std::string& text) {
    std::cout << fmt::format("{:<14}{}\n", topic, text);
  }
  // Something is slower or left out, but the program works.
  void advise(const std::string& advice) { advice_.push_back("advice:  " + advice); }
  // Something that every run needs is missing.
  void problem(const std::string& advice) {
    advice_.push_back("problem: " + advice);
    is_healthy_ = false;
  }
  bool is_healthy() const { return is_healthy_; }
  void print_advice() const {
    std::cout << "\n";
    for (const std::string& line : advice_) std::cout << line << "\n";
    if (advice_.empty()) std::cout << "nothing to mend\n";
  }

 private:
  std::vector<std::string> advice_;
  bool is_healthy_ = true;
};

// The value of the first line "key : value" of /proc/cpuinfo.
std::string cpuinfo_value(const std::string& key) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind(key, 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

void report_build(Report& report) {
  report.fact("build",
              fmt::format("sana-video {}, {}, CUDA {}, video {}", SANA_VERSION, SANA_BUILD_TYPE,
                          SANA_HAS_CUDA ? "yes" : "no", SANA_HAS_VIDEO_IO ? "yes" : "no"));
}

void report_cpu(Report& report) {
  const std::string flags = cpuinfo_value("flags") + " ";
  const bool has_bf16 = flags.find(" avx512_bf16 ") != std::string::npos ||
                        flags.find(" amx_bf16 ") != std::string::npos;
  report.fact(
      "CPU", fmt::format("{}, {} cores, {} threads used, {}, bfloat16 in hardware: {}",
                         cpuinfo_value("model name"), std::thread::hardware_concurrency(),
                         at::get_num_threads(), at::get_cpu_capability(), has_bf16 ? "yes" : "no"));
  if (!has_bf16) report.advise("this CPU emulates bfloat16: use float32 when running on the CPU");
}

void report_memory(Report& report) {
  const HostMemory memory = host_memory();
  report.fact("memory", fmt::format("{} free of {}", bytes_string(memory.available),
                                    bytes_string(memory.total)));
  if (memory.available < 4 * kGiB) {
    report.advise(
        "less than 4 GiB of memory are free: close other programs, or use smaller clips or batches");
  }
}

void report_disk(Report& report) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  const std::filesystem::space_info space = std::filesystem::space(here, error);
  if (error) {
    report.problem(fmt::format("the current folder cannot be read: {}", error.message()));
    return;
  }
  const int64_t free = static_cast<int64_t>(space.available);
  report.fact("disk", fmt::format("{} free in {}", bytes_string(free), here.string()));
  if (free < kGiB)
    report.problem("less than 1 GiB of disk is free here: prepared data and checkpoints need more");
  if (access(here.c_str(), W_OK) != 0)
    report.problem(here.string() + " is not writable: start from a folder of your own");
}

void report_devices(Report& report, const GpuProbe& probe) {
  for (size_t i = 0; i < probe.devices.size(); ++i) {
    const GpuInfo& gpu = probe.devices[i];
    const std::string free = gpu.free_bytes < 0 ? "unknown" : bytes_string(gpu.free_bytes);
    report.fact(
        fmt::format("cuda:{}", i),
        fmt::format("{}, compute capability {}.{}, {} free of {}", gpu.name, gpu.capability_major,
                    gpu.capability_minor, free, bytes_string(gpu.total_bytes)));
    if (gpu.capability_major < 8) {
      report.advise(fmt::format("cuda:{} has no bfloat16 in hardware: use float32 there", i));
    }
  }
  const size_t pairs = probe.devices.size() * (probe.devices.size() - 1) / 2;
  if (pairs > 0)
    report.fact("peer access", fmt::format("{} of {} pairs of GPUs", probe.num_peer_pairs, pairs));
}

void report_gpus(Report& report) {
  const GpuProbe probe = probe_gpus();
  if (!probe.problem.empty()) {
    report.fact("GPU", "none: " + probe.problem);
    report.advise(
        "no GPU can be used, everything runs on the CPU; with an NVIDIA GPU in this machine, "
        "install its driver");
    return;
  }
  report.fact("GPU driver",
              fmt::format("for CUDA {}.{} and older", probe.driver_major, probe.driver_minor));
  report_devices(report, probe);
  if (!SANA_HAS_CUDA) {
    report.advise(
        "this build cannot use the GPU: install the CUDA 13 toolkit, run scripts/setup.sh and "
        "build again");
  } else if (probe.driver_major < 13) {
    report.problem("the GPU's driver is too old for CUDA 13: install driver 580 or newer");
  } else {
    try {
      parse_device("cuda");
    } catch (const EnvironmentError& error) {
      report.problem(fmt::format("LibTorch cannot use the GPU: {}", error.what()));
    }
  }
}

void report_gpu_libraries(Report& report) {
  const int64_t cudnn = library_version("libcudnn.so.9", "cudnnGetVersion", /*by_pointer=*/false);
  const int64_t nccl = library_version("libnccl.so.2", "ncclGetVersion", /*by_pointer=*/true);
  report.fact("cuDNN",
              cudnn == 0 ? "not found"
                         : fmt::format("{}.{}.{}", cudnn / 10000, cudnn / 100 % 100, cudnn % 100));
  report.fact("NCCL", nccl == 0
                          ? "not found"
                          : fmt::format("{}.{}.{}", nccl / 10000, nccl / 100 % 100, nccl % 100));
}

#if SANA_HAS_VIDEO_IO
std::string decodable_codecs() {
  std::string names;
  for (const auto& [id, name] :
       {std::pair{AV_CODEC_ID_H264, "H.264"}, std::pair{AV_CODEC_ID_HEVC, "H.265"},
        std::pair{AV_CODEC_ID_VP9, "VP9"}, std::pair{AV_CODEC_ID_AV1, "AV1"},
        std::pair{AV_CODEC_ID_MPEG4, "MPEG-4"}}) {
    if (avcodec_find_decoder(id) != nullptr) names += std::string(names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}
#else
std::string decodable_codecs() { return "none"; }
#endif

void report_video(Report& report) {
  const bool can_encode = media::can_encode_h264();
  report.fact("video in", decodable_codecs());
  report.fact("video out", can_encode ? "H.264 in MP4" : "PNG frames only");
  if (!SANA_HAS_VIDEO_IO) {
    report.advise(
        "videos cannot be read: apt-get install libopencv-dev libavcodec-dev libavformat-dev "
        "libswscale-dev libjpeg-dev, and build again");
  }
  if (!can_encode)
    report.advise(
        "no H.264 encoder: videos come out as PNG frames; apt-get install ffmpeg libavcodec-dev "
        "and build again");
}

void report_text_encoder(Report& report) {
  try {
    const auto encoder = checkpoints::load_text_encoder({}, c10::kCPU);
    report.fact("text encoder", fmt::format("{}, {} wide", encoder->identity(), encoder->width()));
  } catch (const UserError& error) {
    report.fact("text encoder", "not usable");
    report.problem(error.what());
  }
}

}  // namespace

int doctor_command(CLI::App& app, const Arguments& arguments) {
  parse(app, arguments);
  Report report;
  report_build(report);
  report_cpu(report);
  report_memory(report);
  report_disk(report);
  report_gpus(report);
  report_gpu_libraries(report);
  report_video(report);
  report_text_encoder(report);
  report.print_advice();
  return static_cast<int>(report.is_healthy() ? ExitCode::kOk : ExitCode::kEnvironment);
}

}  // namespace sana::cli
