#include "cli/command_table.h"

#include <filesystem>
#include <set>
#include <sstream>

#include "cli/nearest.h"
#include "core/error.h"
#include "support/catch.h"

namespace sana {
TEST_CASE("every command has a summary, a function and three examples of its own", "[cli]") {
  std::set<std::string> names, examples;
  for (const cli::Command& command : cli::command_table()) {
    INFO(command.name);
    CHECK(names.insert(command.name).second);
    CHECK(command.summary.size() > 20);
    CHECK(command.function != nullptr);
    CHECK(command.examples.size() == 3);
    for (const std::string& example : command.examples) {
      INFO(example);
      CHECK(examples.insert(example).second);
      CHECK(example.find("sana-video ") == 0);
      CHECK(cli::examples_text(command).find(example) != std::string::npos);
    }
  }
  for (const char* name : {"prepare", "train", "sample", "check", "verify", "inspect", "export",
                           "convert", "doctor", "version"}) {
    CHECK(names.count(name) == 1);
  }
}

TEST_CASE("the files that the commands' examples read are in the repository", "[cli]") {
  for (const cli::Command& command : cli::command_table()) {
    for (const std::string& example : command.examples) {
      std::istringstream words(example);
      for (std::string word; words >> word;) {
        const bool is_ours = word.rfind("configs/", 0) == 0 || word.rfind("examples/", 0) == 0 ||
                             word.rfind("tests/", 0) == 0;
        INFO(example);
        if (is_ours) CHECK(std::filesystem::exists(std::filesystem::path(SANA_SOURCE_DIR) / word));
      }
    }
  }
}

TEST_CASE("an unknown command suggests the nearest one", "[cli]") {
  try {
    cli::find_command("tarin");
    FAIL("no error");
  } catch (const UserError& error) {
    CHECK(error.code() == ExitCode::kUser);
    CHECK(std::string(error.what()).find("unknown command 'tarin' (did you mean 'train'?)") == 0);
  }
  try {
    cli::find_command("xyzzyplugh");
    FAIL("no error");
  } catch (const UserError& error) {
    CHECK(std::string(error.what()).find("did you mean") == std::string::npos);
  }
  CHECK(cli::find_command("inspect").name == "inspect");
}

TEST_CASE("the overview lists the commands but not the hidden ones", "[cli]") {
  const std::string text = cli::overview();
  for (const cli::Command& command : cli::command_table()) {
    INFO(command.name);
    CHECK((text.find("  " + command.name + " ") != std::string::npos) == command.is_listed);
  }
}

TEST_CASE("the nearest name needs the fewest changed letters, and none is given when all are far",
          "[cli]") {
  const std::vector<std::string> names = {"prepare", "train", "sample", "inspect"};
  CHECK(cli::nearest("smaple", names) == "sample");
  CHECK(cli::nearest("prepair", names) == "prepare");
  CHECK(cli::nearest("trains", names) == "train");
  CHECK(cli::nearest("decode", names).empty());
  CHECK(cli::nearest("", names).empty());
  CHECK(cli::nearest("train", {}).empty());
}

}  // namespace sana
