// Runs a fuzz target without a fuzzer: every file that is named, or lies in a folder that is named,
// and some thousand mutations of each. The same ones every time.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "allocation_meter.h"
#include "mutation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

constexpr size_t kMutations = 20'000;  // of all files together
constexpr unsigned kSecondsPerInput = 10;
// An input may make its reader use this much memory: values are larger than the bytes they are read
// from, and messages, maps and LibTorch need some anyway.
constexpr size_t kBytesPerInputByte = 128;
constexpr size_t kFreeBytes = 2 << 20;

std::string current_input;
size_t most_memory = 0;
constexpr const char* kFailedInput = "fuzz-failed-input";

// Leaves what crashed (or hung, or used too much memory) behind.
void keep_input() {
  std::FILE* file = std::fopen(kFailedInput, "wb");
  if (file == nullptr) return;
  std::fwrite(current_input.data(), 1, current_input.size(), file);
  std::fclose(file);
  std::fprintf(stderr, "the input is in %s (%zu bytes)\n", kFailedInput, current_input.size());
}

void on_signal(int number) {
  std::fprintf(stderr, "signal %d%s\n", number, number == SIGALRM ? ": took too long" : "");
  keep_input();
  ::_exit(1);
}

void run(std::string input) {
  current_input = std::move(input);
  ::alarm(kSecondsPerInput);
  sana_fuzz::start_meter();
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current_input.data()),
                         current_input.size());
  const size_t allowed = kFreeBytes + kBytesPerInputByte * current_input.size();
  const size_t used = sana_fuzz::peak_bytes();
  if (used > allowed) {
    throw std::runtime_error("used " + std::to_string(used) + " bytes of memory, allowed are " +
                             std::to_string(allowed));
  }
  most_memory = std::max(most_memory, used);
  ::alarm(0);
}

std::vector<fs::path> files_of(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(argv[i])) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM}) ::signal(number, on_signal);
  try {
    std::vector<std::string> seeds;
    for (const fs::path& path : files_of(argc, argv)) seeds.push_back(read(path));
    if (seeds.empty()) throw std::runtime_error("usage: fuzz_<name> FILE_OR_FOLDER...");
    for (const std::string& seed : seeds) run(seed);
    std::mt19937_64 random(0);
    for (size_t i = 0; i < kMutations; ++i) {
      run(sana_fuzz::mutate(seeds[i % seeds.size()], seeds[random() % seeds.size()], random));
    }
    std::printf("%zu files and %zu mutations: no crash, at most %zu bytes of memory at once\n",
                seeds.size(), kMutations, most_memory);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    keep_input();
    return 1;
  }
  return 0;
}
