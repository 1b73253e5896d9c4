#include "core/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <vector>

#include "core/error.h"

namespace sana::log {
namespace {

std::shared_ptr<spdlog::logger> make_logger(std::vector<spdlog::sink_ptr> sinks) {
  auto logger = std::make_shared<spdlog::logger>("sana", sinks.begin(), sinks.end());
  logger->set_pattern("%H:%M:%S %v");
  logger->flush_on(spdlog::level::debug);
  return logger;
}

std::mutex logger_mutex;
// Never destroyed: threads that hang in the network may still tell of it when the program ends.
std::shared_ptr<spdlog::logger>& current_logger = *new std::shared_ptr<spdlog::logger>;
std::atomic<bool> line_is_open = false;

std::shared_ptr<spdlog::logger> logger() {
  std::lock_guard lock(logger_mutex);
  if (!current_logger) {
    current_logger = make_logger({std::make_shared<spdlog::sinks::stderr_sink_mt>()});
  }
  return current_logger;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      break;
  }
  return spdlog::level::off;
}

const char* prefix(Level level) {
  if (level == Level::kWarning) return "warning: ";
  if (level == Level::kError) return "error: ";
  return "";
}

// Replaces the logger by one with these sinks.
void install_logger(const std::optional<std::filesystem::path>& file,
                    spdlog::level::level_enum level) {
  std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  if (file) {
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file->string()));
    } catch (const spdlog::spdlog_ex& error) {
      throw EnvironmentError(
          fmt::format("cannot open the log file '{}': {}", file->string(), error.what()));
    }
  }
  auto replacement = make_logger(std::move(sinks));
  replacement->set_level(level);
  std::lock_guard lock(logger_mutex);
  current_logger = std::move(replacement);
}

}  // namespace

void initialize(const Options& options) {
  install_logger(options.file, spdlog_level(options.level));
}

void set_file(const std::filesystem::path& file) { install_logger(file, logger()->level()); }

void write(Level level, const std::string& message) {
  const auto target = logger();
  if (level == Level::kOff || !target->should_log(spdlog_level(level))) return;
  if (line_is_open.exchange(false)) std::fputs("\r\x1b[K", stderr);
  target->log(spdlog_level(level), "{}{}", prefix(level), message);
}

void set_line_open(bool open) { line_is_open = open; }

}  // namespace sana::log
