#include "cli/runner.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>

#include "cli/phase.h"
#include "core/device.h"
#include "core/error.h"
#include "core/log.h"
#include "core/signals.h"

namespace sana::cli {
namespace {

const std::map<std::string, log::Level>& log_levels() {
  static const std::map<std::string, log::Level> levels = {{"debug", log::Level::kDebug},
                                                           {"info", log::Level::kInfo},
                                                           {"warning", log::Level::kWarning},
                                                           {"error", log::Level::kError},
                                                           {"off", log::Level::kOff}};
  return levels;
}

int say(const std::string& message, ExitCode code) {
  std::cout.flush();
  std::fputs(("error: " + message + "\n").c_str(), stderr);
  return static_cast<int>(code);
}

// Results that went to a full disk are lost: that is a failure.
void check_results_written() {
  std::cout.flush();
  const bool failed = !std::cout || std::fflush(stdout) != 0;
  if (failed && !is_reader_gone(STDOUT_FILENO)) {  // who stops reading wants no more of it
    throw EnvironmentError("cannot write the results to standard output (disk full, or closed?)");
  }
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::cerr << overview();
    return static_cast<int>(ExitCode::kUser);
  }
  const std::string& name = words.front();
  const bool asks_help = name == "help" || name == "--help" || name == "-h";
  if (asks_help && words.size() == 1) {
    std::cout << overview();
  } else if (asks_help) {
    return run_command(find_command(words[1]), {"--help"});
  } else if (name == "--version") {
    return run_command(find_command("version"), {});
  } else {
    return run_command(find_command(name), {words.begin() + 1, words.end()});
  }
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace

int run_command(const Command& command, const Arguments& arguments) {
  CLI::App app(command.summary, "sana-video " + command.name);
  app.footer(examples_text(command));
  std::string level = "info";
  app.add_option("--log-level", level,
                 "How much is written to stderr: debug, info, warning, error, off.")
      ->check([](const std::string& word) {
        return log_levels().count(word) != 0
                   ? ""
                   : "must be debug, info, warning, error or off, got '" + word + "'";
      });
  app.callback([&level] { log::initialize({.level = log_levels().at(level), .file = {}}); });
  try {
    return with_phase("running '" + app.get_name() + "'",
                      [&] { return command.function(app, arguments); });
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return static_cast<int>(ExitCode::kOk);
  }
}

int report_error(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Stopped& stopped) {
    log::warning("{}", stopped.what());
    return static_cast<int>(stopped.code());
  } catch (const Error& failure) {
    return say(failure.what(), failure.code());
  } catch (const std::filesystem::filesystem_error& failure) {
    return say(failure.what(), ExitCode::kEnvironment);
  } catch (const std::exception& failure) {
    return say(InternalError(failure.what()).what(), ExitCode::kBug);
  } catch (...) {
    return say(InternalError("an unknown object was thrown").what(), ExitCode::kBug);
  }
}

int run(const std::vector<std::string>& words) {
  try {
    survive_lost_readers();
    log::initialize({});
    use_full_float32();
    std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error to report, not to die of
    const int code = dispatch(words);
    check_results_written();
    return code;
  } catch (...) {
    return report_error(std::current_exception());
  }
}

}  // namespace sana::cli
