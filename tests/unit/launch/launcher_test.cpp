#include "launch/launcher.h"

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/signals.h"
#include "launch/child_process.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace sana {
namespace {
namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::message_of;

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_CASE("a child's lines come whole, with the stream they were written to", "[launch]") {
  std::vector<std::string> lines;
  ChildProcess child(
      shell("printf 'one\\ntw'; sleep 0.1; printf 'o\\nlast' ; echo bad >&2; exit 5"),
      {{"NAME", "value"}}, [&](const std::string& line, bool is_stdout) {
        lines.push_back((is_stdout ? "out " : "err ") + line);
      });
  while (!child.ending()) {
    child.read_lines();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::sort(lines.begin(), lines.end());
  CHECK(lines == std::vector<std::string>{"err bad", "out last", "out one", "out two"});
  CHECK(child.ending()->exit_code == 5);
  CHECK(child.ending()->text() == "exit code 5");
}

TEST_CASE("every process is told who it is and where the others are", "[launch]") {
  const sana_test::TemporaryDirectory folder;
  LaunchOptions options;
  options.processes = 3;
  options.nodes = 2;
  options.node_rank = 1;
  options.rendezvous = "first:4321";
  options.command = shell(
      "echo $RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE $MASTER_ADDR "
      "$MASTER_PORT > " +
      (folder / "of-$LOCAL_RANK").string());
  CHECK(launch(options) == ExitCode::kOk);
  for (int local = 0; local < 3; ++local) {
    CHECK(text_of(folder / ("of-" + std::to_string(local))) ==
          std::to_string(3 + local) + " 6 " + std::to_string(local) + " 3 first 4321\n");
  }
}

TEST_CASE("a process that is lost ends the others, and all are started again", "[launch]") {
  const sana_test::TemporaryDirectory folder;
  LaunchOptions options;
  options.processes = 2;
  options.grace_s = 20;
  // Rank 1 dies in the first two attempts; rank 0 would wait for ever.
  options.command = shell("echo x >> " + (folder / "starts-$RANK").string() + "; n=$(wc -l < " +
                          (folder / "starts-1").string() + " 2>/dev/null || echo 0); " +
                          "if [ $RANK = 1 ]; then [ $n -ge 3 ] || kill -9 $$; exit 0; fi; " +
                          "while [ $(wc -l < " + (folder / "starts-1").string() +
                          ") -lt 3 ]; do sleep 0.05; done");
  const auto start = std::chrono::steady_clock::now();
  options.max_restarts = 1;
  CHECK(launch(options) == ExitCode::kEnvironment);
  options.max_restarts = 3;
  CHECK(launch(options) == ExitCode::kOk);
  CHECK(text_of(folder / "starts-1") == "x\nx\nx\n");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(15));
}

TEST_CASE("wrong input is not tried again", "[launch]") {
  const sana_test::TemporaryDirectory folder;
  LaunchOptions options;
  options.max_restarts = 5;
  options.command = shell("echo x >> " + (folder / "starts").string() + "; exit 2");
  CHECK(launch(options) == ExitCode::kUser);
  CHECK(text_of(folder / "starts") == "x\n");
}

TEST_CASE("a wish to stop reaches every process", "[launch]") {
  const sana_test::TemporaryDirectory folder;
  LaunchOptions options;
  options.processes = 2;
  options.max_restarts = 5;
  const std::string file = (folder / "got-$RANK").string();
  options.command =
      shell("trap 'echo term > " + file + "; exit 143' TERM; while :; do sleep 0.02; done");
  clear_stop_request();
  std::thread asker([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ::kill(::getpid(), SIGTERM);
  });
  CHECK(launch(options) == ExitCode::kTerminated);
  asker.join();
  clear_stop_request();
  CHECK(text_of(folder / "got-0") == "term\n");
  CHECK(text_of(folder / "got-1") == "term\n");
}

TEST_CASE("options that contradict each other are refused", "[launch]") {
  LaunchOptions options;
  options.command = shell("exit 0");
  options.nodes = 2;
  CHECK(contains(message_of<UserError>([&] { launch(options); }), "--rendezvous"));
  options.rendezvous = "host";
  CHECK(contains(message_of<UserError>([&] { launch(options); }), "HOST:PORT"));
  options.rendezvous = "host:1";
  options.node_rank = 2;
  CHECK(contains(message_of<UserError>([&] { launch(options); }), "--node-rank"));
}

}  // namespace
}  // namespace sana
