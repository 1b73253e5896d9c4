// Logging to stderr and to a run's log.txt. stdout is for results only.
//
// Lines read "HH:MM:SS message"; warnings and errors carry their level before the message.
#pragma once
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace sana::log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

struct Options {
  Level level = Level::kInfo;
  std::optional<std::filesystem::path> file;  // appended to, beside stderr
};

// Sets the sinks; may be called again (a run adds its log.txt once its folder exists).
// Throws EnvironmentError when the file cannot be opened.
void initialize(const Options& options);

// Tells that a progress bar occupies the terminal's last line: the next message erases it first.
void set_line_open(bool open);

// From now on lines also go to this file (appended to), instead of an earlier one; the level stays.
// Throws EnvironmentError when it cannot be opened.
void set_file(const std::filesystem::path& file);

// Writes one line at a level. Thread-safe.
void write(Level level, const std::string& message);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace sana::log
