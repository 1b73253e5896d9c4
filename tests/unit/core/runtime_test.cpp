// Small services: errors, shapes, devices, log, progress, signals.
#include <ATen/ATen.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/device.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/shape.h"
#include "core/signals.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

using sana::UserError;
using sana_test::contains;
using sana_test::file_bytes;
using sana_test::message_of;

namespace {

// The exit status of a child process that runs `body`.
template <class Body>
int status_of_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("errors carry the program's exit codes", "[error]") {
  CHECK(UserError("x").code() == sana::ExitCode::kUser);
  CHECK(sana::EnvironmentError("x").code() == sana::ExitCode::kEnvironment);
  CHECK(sana::InternalError("x").code() == sana::ExitCode::kBug);
  CHECK(contains(sana::InternalError("x").what(), "runtime_test.cpp"));
}

TEST_CASE("context is put before a message and keeps the type", "[error]") {
  CHECK(message_of<UserError>([] {
          sana::with_context("reading a.mp4", [] { throw UserError("too short"); });
        }) == "reading a.mp4: too short");
  CHECK_THROWS_AS(sana::with_context("x", [] { throw sana::EnvironmentError("y"); }),
                  sana::EnvironmentError);
  CHECK(sana::with_context("x", [] { return 3; }) == 3);
}

TEST_CASE("a wrong shape is refused with both shapes", "[shape]") {
  const at::Tensor key = at::zeros({2, 8, 3});
  sana::check_shape("attention: key", key, {{"B"}, {"N", 8}, {"D", 3}});
  CHECK(message_of<UserError>([&] {
          sana::check_shape("attention: key", key, {{"B"}, {"N", 9}, {"D", 3}});
        }) == "attention: key is [2, 8, 3], expected [B, N=9, D=3]");
  CHECK_THROWS_AS(sana::check_shape("key", key, {{"B"}, {"N"}}), UserError);
  CHECK(contains(message_of<UserError>([] { sana::check_shape("key", {}, {{"B"}}); }),
                 "key is not defined"));
  CHECK(sana::shape_string(at::zeros({}).sizes()) == "[]");
}

TEST_CASE("devices and dtypes are named by known words only", "[device]") {
  CHECK(sana::parse_device("cpu").is_cpu());
  for (const char* name : {"gpu", "", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "cuda:1 "}) {
    INFO(name);
    CHECK(contains(message_of<UserError>([&] { sana::parse_device(name); }),
                   "expected auto, cpu, cuda or cuda:<number>"));
  }
  CHECK(sana::parse_dtype("bfloat16") == c10::kBFloat16);
  CHECK(sana::dtype_name(sana::parse_dtype("float32")) == "float32");
  CHECK_THROWS_AS(sana::parse_dtype("fp16"), UserError);
}

TEST_CASE("a device that is not there is an environment error with its reason", "[device]") {
  CHECK(contains(message_of<sana::EnvironmentError>([] { sana::parse_device("cuda:99"); }),
                 "device 'cuda:99' is not there"));
  if (!sana::parse_device("auto").is_cuda()) {
    CHECK_THROWS_AS(sana::parse_device("cuda"), sana::EnvironmentError);
  } else {
    CHECK(sana::parse_device("cuda").is_cuda());
  }
}

TEST_CASE("memory figures are those of a running machine", "[device]") {
  const auto memory = sana::host_memory();
  CHECK(memory.total > 0);
  CHECK(memory.available > 0);
  CHECK(memory.available <= memory.total);
  CHECK(memory.peak_resident > 1'000'000);
  CHECK(sana::peak_device_memory(c10::kCPU) == 0);
  sana::reset_peak_device_memory(c10::kCPU);
  sana::synchronize(c10::kCPU);
  CHECK(sana::bytes_string(0) == "0 B");
  CHECK(sana::bytes_string(3'565'158) == "3.4 MiB");
  CHECK(sana::bytes_string(int64_t{1} << 40) == "1.0 TiB");
  CHECK(sana::bytes_string((int64_t{1} << 20) - 1) == "1.0 MiB");
}

TEST_CASE("the peak of a GPU's memory is counted and reset", "[device][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  const c10::Device device = sana::parse_device("auto");
  sana::reset_peak_device_memory(device);
  const int64_t before = sana::peak_device_memory(device);
  at::zeros({1 << 20}, at::TensorOptions().device(device));
  sana::synchronize(device);
  CHECK(sana::peak_device_memory(device) >= before + (int64_t{4} << 20));
  sana::reset_peak_device_memory(device);
  CHECK(sana::peak_device_memory(device) <= before);
}

TEST_CASE("the log file holds the lines of its level with their marks", "[log]") {
  const sana_test::TemporaryDirectory folder;
  const int old_stderr = ::dup(STDERR_FILENO);
  REQUIRE(::freopen((folder / "stderr").c_str(), "w", stderr) != nullptr);
  sana::log::initialize({.level = sana::log::Level::kInfo, .file = folder / "log.txt"});
  sana::log::debug("hidden");
  sana::log::info("step {} of {{}}", 3);
  sana::log::warning("slow");
  sana::log::error("lost");
  sana::log::initialize({.level = sana::log::Level::kOff, .file = {}});
  sana::log::error("off");
  ::dup2(old_stderr, STDERR_FILENO);
  ::close(old_stderr);
  const std::string text = file_bytes(folder / "log.txt");
  CHECK(contains(text, " step 3 of {}\n"));
  CHECK(contains(text, " warning: slow\n"));
  CHECK(contains(text, " error: lost\n"));
  CHECK_FALSE(contains(text, "hidden"));
  CHECK_FALSE(contains(text, "off"));
  CHECK(text.find_first_not_of("0123456789:") == 8);  // HH:MM:SS
  CHECK(file_bytes(folder / "stderr") == text);
}

TEST_CASE("a log file that cannot be opened is an environment error", "[log]") {
  const sana_test::TemporaryDirectory folder;
  const auto file = folder.file("file", "x");
  CHECK_THROWS_AS(
      sana::log::initialize({.level = sana::log::Level::kOff, .file = file / "log.txt"}),
      sana::EnvironmentError);
}

TEST_CASE("progress ends with a line that sums it up", "[progress]") {
  const sana_test::TemporaryDirectory folder;
  const int old_stderr = ::dup(STDERR_FILENO);
  REQUIRE(::freopen((folder / "stderr").c_str(), "w", stderr) != nullptr);
  sana::log::initialize({.level = sana::log::Level::kInfo, .file = {}});
  const auto progress = sana::make_console_progress();
  progress->begin("encoding", 3, "clips");
  for (int i = 0; i < 3; ++i) progress->advance();
  progress->end();
  sana::log::initialize({.level = sana::log::Level::kOff, .file = {}});
  ::dup2(old_stderr, STDERR_FILENO);
  ::close(old_stderr);
  const std::string text = file_bytes(folder / "stderr");
  CHECK(contains(text, "encoding: 0/3 clips\n"));
  CHECK(contains(text, "encoding: 3 clips in 0.0 s\n"));
  CHECK_FALSE(contains(text, "\x1b"));
}

TEST_CASE("durations read like a clock", "[progress]") {
  CHECK(sana::duration_string(12.34) == "12.3 s");
  CHECK(sana::duration_string(59.96) == "1m 00s");
  CHECK(sana::duration_string(250) == "4m 10s");
  CHECK(sana::duration_string(11100) == "3h 05m");
  CHECK(sana::duration_string(180000) == "2d 02h");
  CHECK(sana::duration_string(-1) == "0.0 s");
}

TEST_CASE("the first signal asks, a later one ends at once with 143", "[signals]") {
  const int asked = status_of_child([] {
    sana::install_stop_handlers();
    ::raise(SIGTERM);
    ::_exit(sana::stop_signal() == SIGTERM ? 7 : 8);
  });
  CHECK(WIFEXITED(asked));
  CHECK(WEXITSTATUS(asked) == 7);
  for (int number : {SIGINT, SIGTERM, SIGUSR1}) {
    const int ended = status_of_child([number] {
      if (::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(9);
      sana::install_stop_handlers();
      sana::install_stop_handlers();
      ::raise(number);
      ::usleep(1100000);
      ::raise(SIGTERM);
    });
    CHECK(WIFEXITED(ended));
    CHECK(WEXITSTATUS(ended) == 143);
  }
}

TEST_CASE("a signal to the process and to its group is one wish", "[signals]") {
  const int status = status_of_child([] {
    sana::install_stop_handlers();
    ::raise(SIGTERM);
    ::raise(SIGTERM);
    ::_exit(sana::stop_signal() == SIGTERM ? 7 : 8);
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE("a stop request can be forgotten", "[signals]") {
  const int status = status_of_child([] {
    sana::install_stop_handlers();
    ::raise(SIGUSR1);
    sana::clear_stop_request();
    ::_exit(sana::stop_signal() == 0 ? 0 : 1);
  });
  CHECK(status == 0);
}
