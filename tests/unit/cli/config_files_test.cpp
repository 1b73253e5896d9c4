#include <filesystem>
#include <sstream>

#include "cli/command_table.h"
#include "cli/prepare_config.h"
#include "cli/reference_config.h"
#include "core/config/config.h"
#include "core/files.h"
#include "filter/config/filter_config.h"
#include "support/catch.h"
#include "train/trainer_config.h"

namespace sana {
namespace fs = std::filesystem;

namespace {

const fs::path kRoot = SANA_SOURCE_DIR;

// The command that reads a file under configs/ is the first word of its name: filter_*.yaml,
// prepare_*.yaml, train_*.yaml.
void load_strictly(const fs::path& file, const std::vector<std::string>& overrides = {}) {
  const std::string name = file.filename().string();
  if (name.rfind("prepare_", 0) == 0) {
    config::load<cli::PrepareCommandConfig>({.file = file, .overrides = overrides});
  } else if (name.rfind("train_", 0) == 0) {
    config::load<train::TrainConfig>({.file = file, .overrides = overrides});
  } else if (name.rfind("filter_", 0) == 0) {
    config::load<filter::FilterConfig>({.file = file, .overrides = overrides});
  } else {
    FAIL("the name says no command (filter_, prepare_ or train_)");
  }
}

}  // namespace

TEST_CASE("configs/reference.yaml is what the program generates", "[cli]") {
  INFO("renew it: build/release/sana-video reference-config > configs/reference.yaml");
  CHECK(read_text_file(kRoot / "configs/reference.yaml") == cli::reference_config_text());
}

TEST_CASE("every file under configs/ loads with the strict reader", "[cli]") {
  int loaded = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / "configs")) {
    if (entry.path().extension() != ".yaml" || entry.path().filename() == "reference.yaml")
      continue;
    INFO(entry.path().string());
    CHECK_NOTHROW(load_strictly(entry.path()));
    ++loaded;
  }
  CHECK(loaded >= 2);
}

TEST_CASE("the configurations and overrides in the commands' examples load", "[cli]") {
  for (const char* name : {"prepare", "train"}) {
    for (const std::string& example : cli::find_command(name).examples) {
      INFO(example);
      std::istringstream words(example);
      std::string word, file;
      std::vector<std::string> overrides;
      words >> word >> word >> file;
      while (words >> word && word.rfind("--", 0) != 0) overrides.push_back(word);
      CHECK_NOTHROW(load_strictly(kRoot / file, overrides));
    }
  }
}

}  // namespace sana
