// A `prepare` that is killed goes on where it stopped.
#include <ATen/ATen.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "core/build_config.h"
#include "end_to_end/run_program.h"
#include "media/picture/png.h"
#include "support/catch.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana_test::describe;
using sana_test::Outcome;
using sana_test::Program;
using sana_test::run_program;
using sana_test::TemporaryDirectory;

constexpr int kPictures = 80;

void write_pictures(const TemporaryDirectory& folder) {
  fs::create_directories(folder / "pictures");
  for (int i = 0; i < kPictures; ++i) {
    const std::string stem = "pictures/" + std::to_string(i);
    sana::media::write_png(folder / (stem + ".png"), at::full({32, 64, 3}, 3 * i, at::kByte));
    folder.file(stem + ".txt", "a grey picture");
  }
  folder.file("prepare.yaml",
              "source: pictures\noutput: whole\nkind: pixels\nfps: 16\n"
              "buckets: {sizes: [32x64]}\n");
}

// Bytes of every file of a data set, by name.
std::map<std::string, std::string> content_of(const fs::path& dataset) {
  std::map<std::string, std::string> content;
  for (const auto& entry : fs::recursive_directory_iterator(dataset)) {
    if (!entry.is_regular_file()) continue;
    content[entry.path().lexically_relative(dataset).string()] =
        sana_test::file_bytes(entry.path());
  }
  return content;
}

// Files come and go below the folder meanwhile: what cannot be seen counts as absent.
int64_t count_files(const fs::path& folder) {
  std::error_code error;
  int64_t count = 0;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    ++count;
  }
  return count;
}

int64_t pick(std::mt19937_64& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

}  // namespace

TEST_CASE("a killed prepare continues, with the result of one that was not",
          "[end_to_end][video]") {
  if (!SANA_HAS_VIDEO_IO) SANA_SKIP("this build has no OpenCV");
  const TemporaryDirectory folder;
  write_pictures(folder);
  const Outcome whole = run_program({"prepare", "prepare.yaml"}, folder.path());
  INFO(describe(whole));
  REQUIRE(whole.exit_code == 0);
  REQUIRE(content_of(folder / "whole").size() >= 2);

  const uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const std::vector<std::string> words = {"prepare", "prepare.yaml", "output=killed"};
  for (int kill = 0; kill < 3; ++kill) {
    const int64_t target = count_files(folder / "killed/work") + pick(random, 1, 8);
    Program program(words, folder.path());
    REQUIRE(program.wait_until([&] { return count_files(folder / "killed/work") >= target; }));
    std::this_thread::sleep_for(std::chrono::microseconds(pick(random, 0, 3000)));
    program.send(SIGKILL);
    const Outcome outcome = program.wait();
    INFO("kill " << kill << " at " << target << " files or more: " << describe(outcome));
    REQUIRE(outcome.signal == SIGKILL);
  }
  const Outcome rest = run_program(words, folder.path());
  INFO(describe(rest));
  REQUIRE(rest.exit_code == 0);
  const bool same = content_of(folder / "killed") == content_of(folder / "whole");
  CHECK(same);
}
