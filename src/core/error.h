// Errors that reach the user, each with the exit code of the program.
#pragma once
#include <spdlog/fmt/fmt.h>

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

namespace sana {

// Exit codes of every sub-command.
enum class ExitCode : int { kOk = 0, kUser = 2, kEnvironment = 3, kBug = 4, kTerminated = 143 };

// Base of all errors thrown by this program. Messages say: what happened, where (file, key, clip),
// what was expected, what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Bad input: a file, key, option or clip that the user can mend. Exit code 2.
class UserError : public Error {
 public:
  explicit UserError(const std::string& message) : Error(ExitCode::kUser, message) {}
};

// Disk, GPU, network, missing library. Exit code 3.
class EnvironmentError : public Error {
 public:
  explicit EnvironmentError(const std::string& message) : Error(ExitCode::kEnvironment, message) {}
};

// A bug of ours. Exit code 4.
class InternalError : public Error {
 public:
  explicit InternalError(const std::string& message,
                         std::source_location where = std::source_location::current())
      : Error(ExitCode::kBug, fmt::format("{} (at {}:{}; please report this)", message,
                                          where.file_name(), where.line())) {}
};

// Throws UserError with the formatted message unless `ok`.
template <class... Args>
void require(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) throw UserError(fmt::format(format, std::forward<Args>(args)...));
}

// Runs `body`; an error that leaves it is rethrown, same type, prefixed with "<what>: ".
template <class Body>
auto with_context(const std::string& what, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const UserError& error) {
    throw UserError(what + ": " + error.what());
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(what + ": " + error.what());
  }
}

// Programmer facts; stays on in release builds.
#define SANA_ASSERT(condition)                                                      \
  do {                                                                              \
    if (!(condition)) throw ::sana::InternalError("assertion failed: " #condition); \
  } while (false)

}  // namespace sana
