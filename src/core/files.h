// Files and folders that are never half-written: write aside, sync, rename.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/hash.h"

namespace sana {

// The most bytes that a file of each kind from outside may have: many times what any real one has,
// and little enough to be held in memory together with what is made of it.
inline constexpr int64_t kMaxCaptionBytes = int64_t(1) << 20;
inline constexpr int64_t kMaxConfigBytes = int64_t(16) << 20;  // YAML, config.json, manifests
inline constexpr int64_t kMaxTokenizerBytes = int64_t(256) << 20;

// Whole contents of a file. Throws UserError when it cannot be read, is no plain file, or has more
// than `max_bytes`.
std::string read_text_file(const std::filesystem::path& path, int64_t max_bytes = int64_t(1) << 30);

// What a file was when it was written: to be compared with later.
struct FileDigest {
  uint64_t bytes = 0;
  std::string sha1;
  bool operator==(const FileDigest&) const = default;
};

// One file written aside ("<target>.partial") and renamed over the target by commit(); without
// commit() the partial file is removed and the target stays as it was. All members throw
// EnvironmentError naming the file and the reason (disk full, no permission, ...).
class AtomicFile {
 public:
  // `hashes`: what write() is given is hashed on the way, for digest().
  explicit AtomicFile(std::filesystem::path target, bool hashes = false);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  // All bytes of a file, which are not hashed; file systems that can share them between two files do so.
  void write_file(const std::filesystem::path& from);
  // Syncs and closes the file, renames it, syncs the folder.
  void commit();
  // Of what write() was given, without reading it again. May be called once.
  FileDigest digest();

 private:
  std::filesystem::path target_;
  std::filesystem::path partial_;
  int descriptor_ = -1;
  std::unique_ptr<Hasher> hasher_;  // null: not hashed
  uint64_t bytes_ = 0;              // written
};

// "<path>.partial", sync, rename over path, sync of the folder. Throws EnvironmentError.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// fsync of a file or folder. Throws EnvironmentError.
void sync_path(const std::filesystem::path& path);

// Creates a folder (and parents) and proves that a file can be written there. Throws
// EnvironmentError naming the folder and the reason.
void ensure_writable_directory(const std::filesystem::path& path);

// A file that a library writes by its name: let it write path() ("<target>.partial"), then commit().
// Without commit() the partial file is removed and the target stays as it was. Members throw
// EnvironmentError naming the target and the reason.
class StagedFile {
 public:
  explicit StagedFile(std::filesystem::path target);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  const std::filesystem::path& path() const { return partial_; }
  // Syncs the file, renames it, syncs the folder.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path partial_;
  bool committed_ = false;
};

// Removes the files of a folder whose names end in ".partial", as a run that was killed leaves
// them. For folders of which the caller is the only writer.
void remove_partials(const std::filesystem::path& folder);

// A folder that appears whole or not at all: fill path(), then commit(). Without commit() the
// partial folder is removed. An older folder that a kill left aside while it was being replaced
// ("<target>.partial.old") is put back by the constructor.
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

// A file of its own, whatever becomes of `from`: written aside, synced, renamed. Throws UserError
// when `from` cannot be read, EnvironmentError.
void copy_whole_file(const std::filesystem::path& from, const std::filesystem::path& to);

// Hard link where the file system allows it, else copy. Only for files of our own: who writes into
// one name of a linked file changes the other.
void link_or_copy_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace sana
