// Runs that are killed, stopped or meet a full disk go on as if nothing had happened.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "end_to_end/tiny_project.h"
#include "support/catch.h"
#include "support/errors.h"

namespace {

namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::describe;
using sana_test::file_bytes;
using sana_test::Outcome;
using sana_test::Program;
using sana_test::TinyProject;

// step -> loss of metrics.jsonl (loss of videos or of images); a step that stands twice fails.
std::map<int64_t, double> losses_of(const fs::path& run) {
  std::map<int64_t, double> losses;
  std::istringstream lines(file_bytes(run / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto values = nlohmann::json::parse(line);
    const auto step = values.at("step").get<int64_t>();
    CHECK(losses.count(step) == 0);
    losses[step] = values.contains("loss") ? values.at("loss").get<double>()
                                           : values.at("image_loss").get<double>();
  }
  return losses;
}

int64_t count_lines(const fs::path& file) {
  const std::string text = file_bytes(file);
  return std::count(text.begin(), text.end(), '\n');
}

void check_same_bytes(const fs::path& a, const fs::path& b) {
  for (const char* file : {"model.safetensors", "ema.safetensors", "optimizer.safetensors",
                           "trainer.json", "model.json", "pipeline.json"}) {
    INFO(file);
    const bool same = file_bytes(a / file) == file_bytes(b / file);
    CHECK(same);
  }
}

// Starts the run and kills it at a random moment: some steps on, and up to 100 ms later. Returns
// when that was.
std::string kill_at_random(const TinyProject& project, const std::vector<std::string>& words,
                           std::mt19937_64& random) {
  using namespace std::chrono;
  const int64_t before = project.newest_step("killed");
  const int64_t target = before + std::uniform_int_distribution<int64_t>(0, 12)(random);
  const auto delay = microseconds(std::uniform_int_distribution<int64_t>(0, 100000)(random));
  const auto start = steady_clock::now();
  Program program(words, project.folder().path());
  REQUIRE(program.wait_until([&] { return project.newest_step("killed") >= target; }));
  std::this_thread::sleep_for(delay);
  program.send(SIGKILL);
  const auto moment = duration_cast<milliseconds>(steady_clock::now() - start);
  const Outcome outcome = program.wait();
  INFO(describe(outcome));
  REQUIRE(outcome.signal == SIGKILL);
  return "killed after " + std::to_string(moment.count()) + " ms, at step " +
         std::to_string(project.newest_step("killed")) + " or later (started at " +
         std::to_string(before) + "); ";
}

}  // namespace

TEST_CASE("a run killed at a random moment continues bit for bit", "[end_to_end]") {
  constexpr int64_t kSteps = 120;
  const TinyProject project;
  const Outcome whole = project.train("whole", kSteps);
  INFO(describe(whole));
  REQUIRE(whole.exit_code == 0);

  const uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  std::string moments;
  for (int kill = 0; kill < 3; ++kill) {
    moments += kill_at_random(project, project.train_words("killed", kSteps), random);
  }
  INFO("seed " << seed << ": " << moments);
  const Outcome rest = project.train("killed", kSteps);
  INFO(describe(rest));
  REQUIRE(rest.exit_code == 0);

  check_same_bytes(project.checkpoint("whole", kSteps), project.checkpoint("killed", kSteps));
  const auto losses = losses_of(project.path("killed"));
  CHECK(losses.size() == size_t(kSteps));
  CHECK(losses == losses_of(project.path("whole")));
}

TEST_CASE("SIGTERM finishes the step, saves it and says how to go on", "[end_to_end]") {
  const TinyProject project;
  const auto words =
      project.train_words("stopped", 1000000, {"train.checkpoint_every_steps=100000"});
  Program program(words, project.folder().path());
  const fs::path metrics = project.path("stopped/metrics.jsonl");
  REQUIRE(program.wait_until([&] { return fs::exists(metrics) && count_lines(metrics) >= 5; }));
  program.send(SIGTERM);
  const Outcome outcome = program.wait();
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 143);
  CHECK(contains(outcome.err, "the same command goes on from there"));

  const int64_t last_step = losses_of(project.path("stopped")).rbegin()->first;
  CHECK(project.newest_step("stopped") == last_step);
  CHECK(contains(outcome.out, project.checkpoint("stopped", last_step).filename().string()));
  const Outcome rest = project.train("stopped", last_step + 2);
  INFO(describe(rest));
  CHECK(rest.exit_code == 0);
  CHECK(project.newest_step("stopped") == last_step + 2);
  CHECK(losses_of(project.path("stopped")).size() == size_t(last_step + 2));
}

TEST_CASE("a disk that fills while saving costs only the steps since the last checkpoint",
          "[end_to_end]") {
  const TinyProject project;
  REQUIRE(project.train("whole", 6).exit_code == 0);
  REQUIRE(project.train("full", 2).exit_code == 0);
  const auto size = int64_t(fs::file_size(project.checkpoint("full", 2) / "model.safetensors"));

  const Outcome full = project.run(project.train_words("full", 6), size / 2);
  INFO(describe(full));
  CHECK(full.exit_code == 3);
  CHECK(contains(full.err, "model.safetensors"));
  CHECK(project.newest_step("full") == 2);

  const Outcome rest = project.train("full", 6);
  INFO(describe(rest));
  REQUIRE(rest.exit_code == 0);
  check_same_bytes(project.checkpoint("whole", 6), project.checkpoint("full", 6));
}
