#include "cli/arguments.h"

#include <spdlog/fmt/fmt.h>

#include "cli/nearest.h"
#include "core/error.h"

namespace sana::cli {
namespace {

// "--chekpoint" -> " (did you mean --checkpoint?)"
std::string option_hint(const CLI::App& app, const std::vector<std::string>& unexpected) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const std::string& word : unexpected) {
    if (word.rfind("--", 0) != 0) continue;
    const std::string guess = nearest(word.substr(0, word.find('=')), names);
    if (!guess.empty()) return fmt::format(" (did you mean {}?)", guess);
  }
  return "";
}

}  // namespace

void parse(CLI::App& app, const Arguments& arguments) {
  // CLI11 takes the words from the back.
  std::vector<std::string> words(arguments.rbegin(), arguments.rend());
  try {
    app.parse(words);
  } catch (const CLI::Success&) {
    throw;
  } catch (const CLI::ParseError& error) {
    throw UserError(fmt::format("{}: {}{}; '{} --help' shows how it is used", app.get_name(),
                                error.what(), option_hint(app, app.remaining()), app.get_name()));
  }
}

void add_config_arguments(CLI::App& app, config::Source& source) {
  app.add_option("config", source.file, "Configuration file (YAML).")->required();
  app.add_option("overrides", source.overrides,
                 "section.key=value ...: replace values of the file.");
}

}  // namespace sana::cli
