#include "core/isolated.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "core/signals.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

namespace sana {
namespace {

using sana_test::contains;

// A sanitizer's own memory and calls are beyond what isolated work may use.
#ifdef __SANITIZE_ADDRESS__
#define SKIP_UNDER_SANITIZERS() SANA_SKIP("sanitizers do not fit into isolated work")
#else
#define SKIP_UNDER_SANITIZERS()
#endif

TEST_CASE("what isolated work says arrives, whatever its length", "[isolated]") {
  SKIP_UNDER_SANITIZERS();
  const std::string part(70000, 'x');
  const auto output = run_isolated({}, [&](const Emit& emit) {
    for (int i = 0; i < 20; ++i) emit(part);
  });
  CHECK(output.problem.empty());
  CHECK(output.text == std::string(20 * part.size(), 'x'));
}

TEST_CASE("isolated work may crash, and what it said before is kept", "[isolated]") {
  SKIP_UNDER_SANITIZERS();
  const auto crashed = run_isolated({}, [](const Emit& emit) {
    emit("first\n");
    ::raise(SIGSEGV);
    std::abort();
  });
  CHECK(crashed.text == "first\n");
  CHECK(contains(crashed.problem, "signal"));
  const auto thrown = run_isolated({}, [](const Emit&) { throw 1; });
  CHECK(contains(thrown.problem, "error"));
}

TEST_CASE("isolated work is ended when it is silent, too long or too loud", "[isolated]") {
  IsolationLimits limits;
  limits.silence_s = 0.1;
  CHECK(contains(run_isolated(limits,
                              [](const Emit&) {
                                while (true) ::usleep(1000);
                              })
                     .problem,
                 "no answer within 0.1 s"));
  limits = {};
  limits.cpu_s = 1;
  const auto busy = run_isolated(limits, [](const Emit&) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < begin + std::chrono::hours(1)) continue;
  });
  CHECK(contains(busy.problem, "1 s of computing"));
  limits = {};
  limits.max_output = 1000;
  const auto loud = run_isolated(limits, [](const Emit& emit) {
    while (true) emit("again and again");
  });
  CHECK(contains(loud.problem, "too long"));
}

TEST_CASE("isolated work ends soon after a signal asks to stop", "[isolated]") {
  SKIP_UNDER_SANITIZERS();
  install_stop_handlers();
  const auto begin = std::chrono::steady_clock::now();
  std::thread user([] {
    ::usleep(100000);
    ::kill(::getpid(), SIGTERM);
  });
  CHECK_THROWS_AS(run_isolated({},
                               [](const Emit&) {
                                 while (true) ::usleep(1000);
                               }),
                  Stopped);
  user.join();
  clear_stop_request();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("isolated work gets no more memory than it may have", "[isolated]") {
  IsolationLimits limits;
  limits.memory_bytes = int64_t{64} << 20;
  const auto output = run_isolated(limits, [](const Emit& emit) {
    std::vector<char> small(1 << 20);
    emit("small");
    std::vector<char> large(size_t{256} << 20);
    emit(large.data()[5] == 0 ? "large" : "");
  });
  CHECK(output.text == "small");
  CHECK(contains(output.problem, "memory"));
}

TEST_CASE("isolated work reads files, and nothing else", "[isolated]") {
  SKIP_UNDER_SANITIZERS();
  const sana_test::TemporaryDirectory folder;
  const auto file = folder.file("a", "text");
  const auto output = run_isolated({}, [&](const Emit& emit) {
    emit(::open(file.c_str(), O_RDONLY) >= 0 ? "read " : "");
    emit(::open(file.c_str(), O_RDWR) >= 0 ? "write " : "");
    emit(::open((folder / "b").c_str(), O_WRONLY | O_CREAT, 0600) >= 0 ? "create " : "");
    emit(::unlink(file.c_str()) == 0 ? "remove " : "");
    emit(::socket(AF_INET, SOCK_STREAM, 0) >= 0 ? "socket " : "");
    emit(::fork() >= 0 ? "fork " : "");
    emit("end");
  });
  CHECK(output.text == "read end");
  CHECK(output.problem.empty());
  CHECK(std::filesystem::exists(file));
}

}  // namespace
}  // namespace sana
