// What a process is told from outside, and what it is: variables, host, file of the program.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sana {

// Value of a variable of the environment; empty: it is not set, or empty.
std::string environment_text(const char* name);

// The same as a whole number; nothing where it is not set or empty. Throws UserError that names the
// variable where it is no number from `smallest` to `largest`.
std::optional<int64_t> environment_number(const char* name, int64_t smallest, int64_t largest);

// Name of this machine, as UTF-8.
std::string host_name();

// File of the running program; empty where the system does not tell.
std::filesystem::path program_file();

}  // namespace sana
