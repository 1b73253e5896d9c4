// Files that only grow, line by line: journals and lists.
#pragma once
#include <filesystem>
#include <string>

namespace sana::data {

// Appends whole lines, or nothing. `sync`: they are on disk when it returns. Throws
// EnvironmentError.
void append_to_file(const std::filesystem::path& file, const std::string& lines, bool sync);

}  // namespace sana::data
