#include "launch/launcher.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/build_config.h"
#include "core/plain_file.h"
#include "core/signals.h"
#include "launch/child_process.h"
#include "launch/free_port.h"
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
      {{"NAME", "value"}}, SIGTERM, [&](const std::string& line, bool is_stdout) {
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
  options.command = shell("echo $RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE $MASTER_ADDR > " +
                          (folder / "of-$RANK").string());
  int64_t nodes = 1;
  SECTION("on one machine") {}
#if SANA_HAS_C10D
  SECTION("on two machines") { nodes = 2; }
#endif
  options.nodes = nodes;
  options.rendezvous = "127.0.0.1:" + std::to_string(free_port());
  std::vector<int> codes(size_t(nodes), -1);
  std::vector<std::thread> launchers;
  for (int64_t node = 0; node < nodes; ++node) {
    launchers.emplace_back([&, node] {
      LaunchOptions mine = options;
      mine.node_rank = node;
      codes[size_t(node)] = int(launch(mine));
    });
  }
  for (std::thread& launcher : launchers) launcher.join();
  CHECK(codes == std::vector<int>(size_t(nodes), 0));
  for (int64_t rank = 0; rank < 3 * nodes; ++rank) {
    CHECK(text_of(folder / ("of-" + std::to_string(rank))) ==
          fmt::format("{} {} {} 3 127.0.0.1\n", rank, 3 * nodes, rank % 3));
  }
}

#if SANA_HAS_C10D
TEST_CASE("machines begin again together, with those that are left", "[launch]") {
  const sana_test::TemporaryDirectory folder;
  LaunchOptions options;
  options.nodes = 3;
  options.min_nodes = 2;
  options.node_wait_s = 2;
  options.max_restarts = 1;
  options.rendezvous = "127.0.0.1:" + std::to_string(free_port());
  const std::string rank = (folder / "starts-$RANK").string();
  // The first time rank 1 dies when all have begun, and the others would wait for ever.
  options.command =
      shell("echo $WORLD_SIZE $MASTER_PORT >> " + rank + "; [ $WORLD_SIZE = 2 ] && exit 0; " +
            "if [ $RANK = 1 ]; then sleep 1; kill -9 $$; fi; while :; do sleep 0.05; done");
  // Of node 2 only a launcher that is lost with all of it.
  const pid_t lost = ::fork();
  if (lost == 0) {
    options.node_rank = 2;
    try {
      launch(options);
    } catch (...) {
    }
    ::_exit(0);
  }
  std::vector<int> codes(2, -1);
  std::vector<std::thread> launchers;
  for (int64_t node = 0; node < 2; ++node) {
    launchers.emplace_back([&, node] {
      LaunchOptions mine = options;
      mine.node_rank = node;
      codes[size_t(node)] = int(launch(mine));
    });
  }
  while (text_of(folder / "starts-2").empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(lost, SIGKILL);
  ::waitpid(lost, nullptr, 0);
  for (std::thread& launcher : launchers) launcher.join();
  CHECK(codes == std::vector<int>(2, 0));
  for (const char* name : {"starts-0", "starts-1"}) {
    const std::string starts = text_of(folder / name);
    INFO(starts);
    CHECK(starts.rfind("3 ", 0) == 0);
    CHECK(contains(starts, "\n2 "));
  }
}

TEST_CASE("when a process of another machine was asked to stop, those of this one finish in peace",
          "[launch]") {
  const sana_test::TemporaryDirectory folder;
  LaunchOptions options;
  options.nodes = 2;
  options.grace_s = 0;
  options.max_restarts = 5;
  options.rendezvous = "127.0.0.1:" + std::to_string(free_port());
  const std::string file = (folder / "of-0").string();
  options.command = shell("trap 'echo term >> " + file + "' TERM; [ $RANK = 1 ] && exit 143; " +
                          "sleep 4; echo saved >> " + file + "; exit 143");
  std::vector<int> codes(2, -1);
  std::vector<std::thread> launchers;
  for (int64_t node = 0; node < 2; ++node) {
    launchers.emplace_back([&, node] {
      LaunchOptions mine = options;
      mine.node_rank = node;
      codes[size_t(node)] = int(launch(mine));
    });
  }
  for (std::thread& launcher : launchers) launcher.join();
  CHECK(codes == std::vector<int>(2, int(ExitCode::kTerminated)));
  CHECK(text_of(folder / "of-0") == "saved\n");
}

TEST_CASE("a launcher that nobody answers says whom it asked", "[launch]") {
  LaunchOptions options;
  options.command = shell("exit 0");
  options.nodes = 2;
  const int64_t port = free_port();
  const Descriptor other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(uint16_t(port));
  REQUIRE(::bind(other.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(other.get(), 1) == 0);
  options.rendezvous = "127.0.0.1:" + std::to_string(port);
  const std::string message = message_of<EnvironmentError>([&] { launch(options); });
  INFO(message);
  CHECK(contains(message, options.rendezvous));
  CHECK(contains(message, "open the port"));
}
#endif

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

TEST_CASE("when one process was asked to stop, the others finish in peace", "[launch]") {
  const sana_test::TemporaryDirectory folder;
  LaunchOptions options;
  options.processes = 2;
  options.max_restarts = 5;
  options.grace_s = 0;
  const std::string file = (folder / "of-0").string();
  const std::string stops = "trap 'echo term >> " + file + "' TERM; [ $RANK = 1 ] && exit 143; " +
                            "sleep 0.7; echo saved >> " + file + "; ";
  options.command = shell(stops + "exit 143");
  CHECK(launch(options) == ExitCode::kTerminated);
  CHECK(text_of(folder / "of-0") == "saved\n");
  // Who cannot save has failed.
  options.max_restarts = 0;
  options.command = shell(stops + "exit 3");
  CHECK(launch(options) == ExitCode::kEnvironment);
}

TEST_CASE("options that contradict each other are refused", "[launch]") {
  LaunchOptions options;
  options.command = shell("exit 0");
  options.nodes = 2;
  CHECK(contains(message_of<UserError>([&] { launch(options); }), "--rendezvous"));
  options.rendezvous = "host";
  CHECK(contains(message_of<UserError>([&] { launch(options); }), "HOST:PORT"));
  options.rendezvous = "host:1";
  options.min_nodes = 3;
  CHECK(contains(message_of<UserError>([&] { launch(options); }), "--min-nodes"));
  options.min_nodes = 1;
  options.node_rank = 2;
  CHECK(contains(message_of<UserError>([&] { launch(options); }), "--node-rank"));
}

}  // namespace
}  // namespace sana
