// Files that are never half-written: write aside, sync, rename. Hashes of files and bytes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace sana {

// Whole text of a file. Throws UserError when it cannot be read.
std::string read_text_file(const std::filesystem::path& path);

// JSON of a file; accepts the bare -Infinity, Infinity and NaN that Python writes (read as null).
// Throws UserError with file and position, also when it is nested deeper than 100 levels.
nlohmann::json read_json_file(const std::filesystem::path& path);

// One file written aside ("<target>.partial") and renamed over the target by commit(); without
// commit() the partial file is removed and the target stays as it was. All members throw
// EnvironmentError naming the file and the reason (disk full, no permission, ...).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  // Syncs and closes the file, renames it, syncs the folder.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path partial_;
  int descriptor_ = -1;
};

// "<path>.partial", sync, rename over path, sync of the folder. Throws EnvironmentError.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// fsync of a file or folder. Throws EnvironmentError.
void sync_path(const std::filesystem::path& path);

// Creates a folder (and parents) and proves that a file can be written there. Throws
// EnvironmentError naming the folder and the reason.
void ensure_writable_directory(const std::filesystem::path& path);

// A folder that appears whole or not at all: fill path(), then commit(). Without commit() the
// partial folder is removed.
class StagedDirectory {
 public:
  explicit StagedDirectory(std::filesystem::path target);
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  const std::filesystem::path& path() const { return partial_; }
  // Syncs every file, renames to the target (replacing an older one), syncs the parent.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path partial_;
  bool committed_ = false;
};

// Hard link where the file system allows it, else copy.
void link_or_copy_file(const std::filesystem::path& from, const std::filesystem::path& to);

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
// Hash of a file's bytes. Throws UserError when it cannot be read.
std::string hash_file(const std::filesystem::path& path);
// Hash that tells files of many gigabytes apart in a moment: of the size, the first four MiB (where
// formats have their headers) and 256 blocks of 64 KiB at even distances up to the end. A file
// below 16 MiB is hashed whole. A change between the blocks goes unnoticed. Throws UserError when
// the file cannot be read.
std::string hash_file_sample(const std::filesystem::path& path);

}  // namespace sana
