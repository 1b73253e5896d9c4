// JSON files.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace sana {

// JSON of a file, in UTF-8 or UTF-16 with a byte order mark; accepts the bare -Infinity, Infinity
// and NaN that Python writes (read as null). Throws UserError with file and position, also when it
// is nested deeper than 100 levels or has more than `max_bytes`.
nlohmann::json read_json_file(const std::filesystem::path& path, int64_t max_bytes = int64_t(1)
                                                                                     << 30);

}  // namespace sana
