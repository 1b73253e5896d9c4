// SHA-1 of files and bytes.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sana {

// Incremental SHA-1 for identity of inputs (not for security).
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher& add(std::string_view bytes);
  // 40 hexadecimal digits. May be called once.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hash_text(std::string_view text);
// Hash of a file's bytes. `between` is called after every MiB and may throw, to stop. Throws
// UserError when the file cannot be read.
std::string hash_file(
    const std::filesystem::path& path, const std::function<void()>& between = [] {});
// Hash that tells files of many gigabytes apart in a moment: of the size, the first four MiB (where
// formats have their headers) and 256 blocks of 64 KiB at even distances up to the end. A file
// below 16 MiB is hashed whole. A change between the blocks goes unnoticed. Throws UserError when
// the file cannot be read.
std::string hash_file_sample(const std::filesystem::path& path);

}  // namespace sana
