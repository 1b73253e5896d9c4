// Several processes train together, as users start them.
#include <ATen/ATen.h>
#include <signal.h>
#include <torch/cuda.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/build_config.h"
#include "core/safetensors.h"
#include "end_to_end/tiny_project.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"
#include "unit/train/tiny_run.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using sana_test::describe;
using sana_test::Outcome;
using sana_test::Program;
using sana_test::TinyProject;

#define SANA_SKIP_WITHOUT_C10D() \
  if (!SANA_HAS_C10D) SANA_SKIP("this build has no c10d")

std::vector<std::string> launched(const TinyProject& project, int64_t processes,
                                  const std::string& run, int64_t steps,
                                  std::vector<std::string> more = {},
                                  const std::vector<std::string>& options = {}) {
  std::vector<std::string> words = {"launch", "--nproc", std::to_string(processes)};
  words.insert(words.end(), options.begin(), options.end());
  const auto train = project.train_words(run, steps, more);
  words.insert(words.end(), train.begin(), train.end());
  return words;
}

void check_close(const fs::path& a, const fs::path& b) {
  for (const char* file : {"model.safetensors", "ema.safetensors", "optimizer.safetensors"}) {
    const TensorMap left = load_safetensors(find_safetensors(a / file));
    const TensorMap right = load_safetensors(find_safetensors(b / file));
    REQUIRE(left.size() == right.size());
    for (const auto& [name, tensor] : left) {
      INFO(file << " " << name);
      CHECK(at::allclose(tensor.to(at::kFloat), right.at(name).to(at::kFloat), 1e-3, 2e-5));
    }
  }
}

// The process of this rank that trains in this run.
pid_t find_process(int64_t rank, const std::string& run) {
  const auto has = [](const fs::path& file, const std::string& text) {
    const std::string bytes = sana_test::file_bytes(file);
    return bytes.find(text + '\0') != std::string::npos;
  };
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    try {
      if (has(entry.path() / "cmdline", "run.dir=" + run) &&
          has(entry.path() / "environ", "RANK=" + std::to_string(rank))) {
        return pid_t(std::stoll(name));
      }
    } catch (const std::exception&) {
      continue;  // it ended meanwhile
    }
  }
  return -1;
}

// Batches of two for one process, of one for each of two.
const std::vector<std::string> kHalf = {"data.batch_size=1", "data.image_batch_size=1",
                                        "optimizer.eps=1e-5"};
const std::vector<std::string> kWhole = {"optimizer.eps=1e-5"};

TEST_CASE("two processes train as one, and either goes on with the other's run",
          "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  const Outcome one = project.train("one", 8, kWhole);
  INFO(describe(one));
  REQUIRE(one.exit_code == 0);
  const Outcome two = project.run(launched(project, 2, "two", 8, kHalf));
  INFO(describe(two));
  REQUIRE(two.exit_code == 0);
  CHECK(contains(two.out, "step-00000008"));
  CHECK(contains(two.err, "[0] "));
  CHECK(contains(two.err, "self-test of 2 processes passed in "));
  CHECK(contains(two.err, " GB/s (an all-reduce of 4.0 MiB takes "));
  CHECK(fs::exists(project.path("two/logs/rank-1.txt")));
  check_close(project.checkpoint("one", 8), project.checkpoint("two", 8));

  // Begun by two, finished by one.
  REQUIRE(project.run(launched(project, 2, "mixed", 4, kHalf)).exit_code == 0);
  const Outcome rest = project.train("mixed", 8, kWhole);
  INFO(describe(rest));
  REQUIRE(rest.exit_code == 0);
  CHECK_FALSE(contains(rest.err, "a new epoch begins"));
  check_close(project.checkpoint("one", 8), project.checkpoint("mixed", 8));
}

// Fresh weights, but for those that are zero then: where frames meet, and the output.
void write_start(const TinyProject& project) {
  REQUIRE(project.train("fresh", 0).exit_code == 0);
  TensorMap tensors = load_safetensors(project.checkpoint("fresh", 0) / "model.safetensors");
  at::manual_seed(5);
  for (auto& [name, tensor] : tensors) {
    const bool is_zero = tensor.count_nonzero().item<int64_t>() == 0;
    if (is_zero) tensor = 0.1 * at::randn_like(tensor);
  }
  save_safetensors(project.path("start.safetensors"), tensors);
}

TEST_CASE("processes that share the frames of clips train as one, and either goes on",
          "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  // Three latent frames: two and one.
  sana_test::write_tiny_latents(project.path("longer"), {.samples = 5, .frames = 9});
  write_start(project);
  std::vector<std::string> how = {"data.videos=longer", "data.validation=longer",
                                  "init.from=start.safetensors", "train.validate_every_steps=10"};
  SECTION("as they are") {}
  SECTION("recomputed") { how.push_back("train.gradient_checkpointing=true"); }
  const auto with = [&](std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), how.begin(), how.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const Outcome one = project.train("one", 20, with(kWhole, {}));
  INFO(describe(one));
  REQUIRE(one.exit_code == 0);
  // Two for each clip, with whole batches; then two such groups, each with half a batch.
  const Outcome two =
      project.run(launched(project, 2, "two", 20, with(kWhole, {"parallel.sequence=2"})));
  INFO(describe(two));
  REQUIRE(two.exit_code == 0);
  check_close(project.checkpoint("one", 20), project.checkpoint("two", 20));
  const auto mesh = with(kHalf, {"parallel.replicate=2", "parallel.sequence=2"});
  REQUIRE(project.run(launched(project, 4, "mixed", 10, mesh)).exit_code == 0);
  const Outcome rest = project.train("mixed", 20, with(kWhole, {}));
  INFO(describe(rest));
  REQUIRE(rest.exit_code == 0);
  CHECK_FALSE(contains(rest.err, "a new epoch begins"));
  check_close(project.checkpoint("one", 20), project.checkpoint("mixed", 20));
}

TEST_CASE("processes with a part of the weights each train as one, and either goes on",
          "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  const std::vector<std::string> recomputed = {"train.gradient_checkpointing=true",
                                               "data.validation=latents",
                                               "train.validate_every_steps=10"};
  const auto with = [&](std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), recomputed.begin(), recomputed.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const Outcome one = project.train("one", 20, with(kWhole, {}));
  INFO(describe(one));
  REQUIRE(one.exit_code == 0);
  const Outcome two =
      project.run(launched(project, 2, "two", 20, with(kHalf, {"parallel.shard=2"})));
  INFO(describe(two));
  REQUIRE(two.exit_code == 0);
  CHECK(contains(two.err, "2 = 1 replicated x 2 sharded x 1 of a sequence"));
  check_close(project.checkpoint("one", 20), project.checkpoint("two", 20));
  // Two replicas whose members have whole clips between them: half a batch for each.
  const auto hybrid =
      with(kHalf, {"parallel.replicate=1", "parallel.shard=2", "parallel.sequence=2"});
  REQUIRE(project.run(launched(project, 4, "mixed", 10, hybrid)).exit_code == 0);
  const Outcome rest = project.train("mixed", 20, with(kWhole, {}));
  INFO(describe(rest));
  REQUIRE(rest.exit_code == 0);
  check_close(project.checkpoint("one", 20), project.checkpoint("mixed", 20));
  // From one process to two with a part of the weights each.
  REQUIRE(project.train("parted", 10, with(kWhole, {})).exit_code == 0);
  const Outcome parted =
      project.run(launched(project, 2, "parted", 20, with(kHalf, {"parallel.shard=2"})));
  INFO(describe(parted));
  REQUIRE(parted.exit_code == 0);
  check_close(project.checkpoint("one", 20), project.checkpoint("parted", 20));
}

TEST_CASE("check counts what processes that share clips send, and refuses a wrong product",
          "[end_to_end][distributed]") {
  const TinyProject project;
  const std::vector<std::string> words = {
      "check", "train.yaml", "run.dir=x", "parallel.sequence=2", "--tflops", "0.001", "--world"};
  const auto check = [&](const std::string& processes) {
    auto all = words;
    all.push_back(processes);
    return project.run(all);
  };
  const Outcome four = check("4");
  INFO(describe(four));
  CHECK(four.exit_code == 0);
  CHECK(contains(four.out, "global batch 4 = 2 x 1 accumulated x 2 groups of 2 processes"));
  CHECK(contains(four.out, "to those that share its clips"));
  CHECK(contains(four.out, "TFLOP a step, of all processes; 4 steps"));
  CHECK(contains(four.out, "at 0.001 TFLOP/s"));
  const Outcome full =
      project.run({"check", "train.yaml", "run.dir=x", "parallel.shard=4", "--world", "8"});
  INFO(describe(full));
  CHECK(full.exit_code == 0);
  CHECK(contains(full.out, "2 replicated x 4 sharded x 1 of a sequence"));
  CHECK(contains(full.out, "a step of each process, gradients and weights"));
  const Outcome three = check("3");
  INFO(describe(three));
  CHECK(three.exit_code == 2);
  CHECK(contains(three.err, "parallel.sequence=2 does not divide the 3 processes"));
}

// Loss of each step of a run.
std::vector<double> losses_of(const TinyProject& project, const std::string& run) {
  std::vector<double> losses;
  std::istringstream lines(sana_test::file_bytes(project.path(run + "/metrics.jsonl")));
  for (std::string line; std::getline(lines, line);) {
    const auto values = nlohmann::json::parse(line);
    losses.push_back(values.value("loss", values.value("image_loss", 0.0)));
  }
  return losses;
}

TEST_CASE("two GPUs train as one", "[end_to_end][distributed][gpu]") {
  SANA_SKIP_WITHOUT_C10D();
  if (torch::cuda::device_count() < 2) SANA_SKIP("no two GPUs can be used");
  const TinyProject project;
  std::vector<std::string> how = {"device=auto"};
  double tolerance = 1e-4;
  SECTION("each with a part of the optimizer") {}
  SECTION("each with all of it") { how.push_back("parallel.shard_optimizer=false"); }
  SECTION("in bfloat16") {
    how.push_back("precision=bfloat16");
    tolerance = 2e-2;
  }
  SECTION("recorded") {
    how.insert(how.end(), {"precision=bfloat16", "train.cuda_graphs=true"});
    tolerance = 2e-2;
  }
  auto one = kWhole, two = kHalf;
  one.insert(one.end(), how.begin(), how.end());
  two.insert(two.end(), how.begin(), how.end());
  const Outcome alone = project.train("one", 12, one);
  INFO(describe(alone));
  REQUIRE(alone.exit_code == 0);
  const Outcome together = project.run(launched(project, 2, "two", 12, two));
  INFO(describe(together));
  REQUIRE(together.exit_code == 0);
  const auto a = losses_of(project, "one"), b = losses_of(project, "two");
  REQUIRE(a.size() == 12);
  REQUIRE(b.size() == 12);
  for (size_t i = 0; i < a.size(); ++i) CHECK(b[i] == sana_test::Approx(a[i]).epsilon(tolerance));
}

TEST_CASE("a signal to the launcher finishes the step of all and saves it",
          "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  auto more = kHalf;
  more.push_back("train.checkpoint_every_steps=100000");
  Program program(launched(project, 2, "stopped", 1000000, more), project.folder().path());
  const fs::path metrics = project.path("stopped/metrics.jsonl");
  REQUIRE(program.wait_until([&] { return fs::exists(metrics) && fs::file_size(metrics) > 1000; }));
  program.send(SIGTERM);
  const Outcome outcome = program.wait();
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 143);
  CHECK(project.newest_step("stopped") > 0);
}

// Of a checkpoint that is being written, anything.
bool is_saving(const fs::path& run) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(run, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == ".partial" && !fs::is_empty(entry->path(), error)) return true;
  }
  return false;
}

TEST_CASE(
    "a process that is killed while it saves is replaced, and the run ends as if nothing had been",
    "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  const Outcome whole = project.run(launched(project, 2, "whole", 60, kHalf));
  INFO(describe(whole));
  REQUIRE(whole.exit_code == 0);
  Program program(launched(project, 2, "killed", 60, kHalf, {"--max-restarts", "2"}),
                  project.folder().path());
  REQUIRE(program.wait_until(
      [&] { return project.newest_step("killed") >= 6 && is_saving(project.path("killed")); }));
  const pid_t second = find_process(1, "killed");
  REQUIRE(second > 0);
  ::kill(second, SIGKILL);
  const Outcome outcome = program.wait();
  INFO(describe(outcome));
  REQUIRE(outcome.exit_code == 0);
  CHECK(contains(outcome.err, "starting again"));
  for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
    const auto tensors = [&](const char* run) {
      return load_safetensors(find_safetensors(project.checkpoint(run, 60) / file));
    };
    const TensorMap left = tensors("whole"), right = tensors("killed");
    for (const auto& [name, tensor] : left) CHECK(at::equal(tensor, right.at(name)));
  }
}

TEST_CASE("a process that hangs is replaced as well", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  auto more = kHalf;
  more.push_back("parallel.silence_s=3");
  Program program(launched(project, 2, "hung", 40, more, {"--max-restarts", "1", "--grace", "2"}),
                  project.folder().path());
  REQUIRE(program.wait_until([&] { return project.newest_step("hung") >= 4; }));
  const pid_t second = find_process(1, "hung");
  REQUIRE(second > 0);
  REQUIRE(project.newest_step("hung") < 40);
  ::kill(second, SIGSTOP);
  const Outcome outcome = program.wait();
  INFO(describe(outcome));
  REQUIRE(outcome.exit_code == 0);
  CHECK(contains(outcome.err, "lost rank 1 on "));
  CHECK(contains(outcome.err, "starting again"));
  CHECK(project.newest_step("hung") == 40);
}

TEST_CASE("what cannot train together is told", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  const Outcome nothing = project.run({"launch", "--nproc", "2", "sample"});
  CHECK(nothing.exit_code == 2);
  CHECK(contains(nothing.err, "train"));
  // One key differs by rank: the shell gives each process its own.
  const Outcome wrong = project.run(launched(project, 2, "x", 2, {"data.batch_sise=1"}));
  CHECK(wrong.exit_code == 2);
  CHECK(contains(wrong.err, "batch_size"));
  const Outcome product = project.run(launched(project, 2, "y", 2, {"parallel.replicate=3"}));
  CHECK(product.exit_code == 2);
  CHECK(contains(product.err, "parallel.replicate=3 x parallel.shard=1 x parallel.sequence=1"));
  CHECK_FALSE(fs::exists(project.path("y")));
}

}  // namespace
