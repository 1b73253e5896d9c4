#include "cli/runner.h"

#include <c10/util/Exception.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <new>
#include <sstream>

#include "cli/arguments.h"
#include "cli/phase.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/data_fixtures.h"

namespace sana {
namespace {

// What a run of the program wrote and returned.
struct Outcome {
  int code = 0;
  std::string out;
};

Outcome run_captured(const std::vector<std::string>& words) {
  std::ostringstream captured;
  std::streambuf* console = std::cout.rdbuf(captured.rdbuf());
  Outcome outcome;
  outcome.code = cli::run(words);
  std::cout.rdbuf(console);
  outcome.out = captured.str();
  return outcome;
}

template <class Thrown>
int code_of(const Thrown& thrown) {
  return cli::report_error(std::make_exception_ptr(thrown));
}

// Runs `body` as a phase and gives the message and exit code of what comes out.
template <class Body>
std::pair<std::string, ExitCode> failure_of(Body&& body) {
  try {
    cli::with_phase("loading the checkpoint", body);
  } catch (const Error& error) {
    return {error.what(), error.code()};
  }
  return {"", ExitCode::kOk};
}

}  // namespace

TEST_CASE("errors end the program with the exit code of their kind", "[cli]") {
  CHECK(code_of(UserError("a")) == 2);
  CHECK(code_of(EnvironmentError("b")) == 3);
  CHECK(code_of(InternalError("c")) == 4);
  CHECK(code_of(std::runtime_error("d")) == 4);
  CHECK(code_of(std::filesystem::filesystem_error("e", std::error_code())) == 3);
  CHECK(code_of(7) == 4);
}

TEST_CASE("bad command lines exit with 2, help and version with 0", "[cli]") {
  CHECK(run_captured({"tarin"}).code == 2);
  CHECK(run_captured({}).code == 2);
  CHECK(run_captured({"version", "--colour"}).code == 2);
  CHECK(run_captured({"version", "--log-level", "loud"}).code == 2);
  CHECK(run_captured({"inspect"}).code == 2);
  CHECK(run_captured({"inspect", "/nonexistent"}).code == 2);
  CHECK(run_captured({"help", "tarin"}).code == 2);
  CHECK(run_captured({"help"}).out == cli::overview());
  const Outcome version = run_captured({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out.find("sana-video 0.") == 0);
  CHECK(version.out == run_captured({"version"}).out);
}

TEST_CASE("inspect compares the checksums of a data set when asked", "[cli]") {
  const sana_test::TempFolder folder;
  data::make_pixels_dataset(folder.path(), {{16, 24, 5}, {16, 24, 5}}, /*max_shard_bytes=*/1);
  const std::vector<std::string> command = {"inspect", folder.path().string(), "--checksums"};
  const Outcome whole = run_captured(command);
  CHECK(whole.code == 0);
  CHECK(whole.out.find("all samples are whole") != std::string::npos);
  const auto shard = folder / "shard-00001.h5";
  std::string bytes = sana_test::read_all(shard);
  for (size_t i = 200; i < bytes.size(); ++i) bytes[i] = char(~bytes[i]);
  sana_test::write_text(shard, bytes);
  CHECK(run_captured({"inspect", folder.path().string()}).code == 0);
  const Outcome damaged = run_captured(command);
  CHECK(damaged.code == 2);
  CHECK(damaged.out.find("clip1.mp4") != std::string::npos);
  CHECK(damaged.out.find("clip0.mp4") == std::string::npos);
  CHECK(run_captured({"inspect", "examples/checkpoints/vae", "--checksums"}).code == 2);
}

TEST_CASE("help of each command shows its summary, options and examples", "[cli]") {
  for (const cli::Command& command : cli::command_table()) {
    INFO(command.name);
    const Outcome outcome = run_captured({"help", command.name});
    CHECK(outcome.code == 0);
    CHECK(outcome.out.find(command.summary) != std::string::npos);
    CHECK(outcome.out.find("--log-level") != std::string::npos);
    for (const std::string& example : command.examples) {
      CHECK(outcome.out.find(example) != std::string::npos);
    }
    CHECK(outcome.out == run_captured({command.name, "--help"}).out);
  }
}

TEST_CASE("a mistyped option suggests the nearest one and names the command's help", "[cli]") {
  CLI::App app("a test", "sana-video inspect");
  bool flag = false;
  app.add_flag("--tensors", flag);
  try {
    cli::parse(app, {"--tensor"});
    FAIL("no error");
  } catch (const UserError& error) {
    const std::string message = error.what();
    CHECK(message.find("did you mean --tensors?") != std::string::npos);
    CHECK(message.find("sana-video inspect --help") != std::string::npos);
  }
}

TEST_CASE("configuration arguments are a file and overrides", "[cli]") {
  CLI::App app("a test", "sana-video train");
  config::Source source;
  cli::add_config_arguments(app, source);
  cli::parse(app, {"a.yaml", "train.steps=3", "run.dir=runs/x y"});
  CHECK(source.file == "a.yaml");
  CHECK(source.overrides == std::vector<std::string>{"train.steps=3", "run.dir=runs/x y"});
}

TEST_CASE("LibTorch's errors name the phase; running out of memory is the environment's", "[cli]") {
  const auto [bug, bug_code] =
      failure_of([] { TORCH_CHECK(false, "sizes do not match\nC++ CapturedTraceback"); });
  CHECK(bug.find("LibTorch failed while loading the checkpoint: sizes do not match (at") == 0);
  CHECK(bug_code == ExitCode::kBug);

  const auto [gpu, gpu_code] =
      failure_of([] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory"); });
  CHECK(gpu.find("out of memory while loading the checkpoint: CUDA out of memory. Remedies") == 0);
  CHECK(gpu_code == ExitCode::kEnvironment);

  const auto [cpu, cpu_code] = failure_of(
      [] { TORCH_CHECK(false, "DefaultCPUAllocator: can't allocate memory: you tried"); });
  CHECK(cpu_code == ExitCode::kEnvironment);

  const auto [host, host_code] = failure_of([] { throw std::bad_alloc(); });
  CHECK(host_code == ExitCode::kEnvironment);

  const auto [ours, ours_code] = failure_of([] { throw UserError("as it was"); });
  CHECK(ours == "as it was");
  CHECK(ours_code == ExitCode::kUser);
  CHECK(cli::with_phase("adding", [] { return 3; }) == 3);
}

}  // namespace sana
