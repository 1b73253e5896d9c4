// Hash of a large file by several cores.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace sana {

inline constexpr int64_t kHashBlockBytes = int64_t(64) << 20;

// SHA-1 of the hexadecimal SHA-1 hashes of the file's blocks, one after the other. Unlike the hash of
// the whole, it need not be computed in order. Throws UserError when the file cannot be read.
std::string hash_file_blocks(const std::filesystem::path& path,
                             int64_t block_bytes = kHashBlockBytes);

}  // namespace sana
