#include "core/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void throw_write_error(const fs::path& path, int error) {
  throw EnvironmentError(
      fmt::format("cannot write '{}': {}{}", path.string(), std::strerror(error),
                  error == ENOSPC ? ". Free some space or choose another disk" : ""));
}

fs::path with_suffix(const fs::path& path, const char* suffix) {
  fs::path result = path;
  // "runs/a/" names the folder "runs/a".
  if (!result.has_filename()) result = result.parent_path();
  result += suffix;
  return result;
}

fs::path folder_of(const fs::path& path) {
  const fs::path folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

void rename_path(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw_write_error(to, errno);
}

}  // namespace

std::string read_text_file(const fs::path& path) {
  std::error_code error;
  require(!fs::is_directory(path, error), "cannot read '{}': it is a folder", path.string());
  std::ifstream in(path, std::ios::binary);
  require(in.is_open(), "cannot read '{}': {}", path.string(), std::strerror(errno));
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  require(!in.bad() && !text.fail(), "cannot read '{}': {}", path.string(), std::strerror(errno));
  return std::move(text).str();
}

AtomicFile::AtomicFile(fs::path target)
    : target_(std::move(target)), partial_(with_suffix(target_, ".partial")) {
  descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw_write_error(target_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_write_error(target_, errno);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) throw_write_error(target_, errno);
  // Some file systems tell of a full disk only here.
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0 || std::rename(partial_.c_str(), target_.c_str()) != 0) {
    const int error = errno;
    ::unlink(partial_.c_str());
    throw_write_error(target_, error);
  }
  sync_path(folder_of(target_));
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void sync_path(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_write_error(path, errno);
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // EINVAL: a file system that has nothing to sync for this kind of entry.
  if (result != 0 && error != EINVAL) throw_write_error(path, error);
}

void ensure_writable_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    throw EnvironmentError(fmt::format("cannot create the folder '{}': {}", path.string(),
                                       error ? error.message() : "a file has that name"));
  }
  const fs::path probe = path / fmt::format(".write-test-{}", ::getpid());
  const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  int reason = descriptor < 0 ? errno : 0;
  if (descriptor >= 0) {
    if (::write(descriptor, "x", 1) != 1) reason = errno;
    if (::close(descriptor) != 0 && reason == 0) reason = errno;
    ::unlink(probe.c_str());
  }
  if (reason != 0) {
    throw EnvironmentError(
        fmt::format("cannot write in the folder '{}': {}", path.string(), std::strerror(reason)));
  }
}

StagedDirectory::StagedDirectory(fs::path target)
    : target_(std::move(target)), partial_(with_suffix(target_, ".partial")) {
  std::error_code error;
  fs::remove_all(partial_, error);
  if (!error) fs::create_directories(partial_, error);
  if (error) {
    throw EnvironmentError(
        fmt::format("cannot create the folder '{}': {}", partial_.string(), error.message()));
  }
}

StagedDirectory::~StagedDirectory() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(partial_, ignored);
}

void StagedDirectory::commit() {
  const fs::path target = with_suffix(target_, "");
  for (const auto& entry : fs::recursive_directory_iterator(partial_)) sync_path(entry.path());
  sync_path(partial_);
  if (!fs::exists(target)) {
    rename_path(partial_, target);
  } else if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) !=
             0) {
    // File systems that cannot swap two folders: the older one steps aside first.
    const fs::path old = with_suffix(target_, ".old");
    fs::remove_all(old);
    rename_path(target, old);
    rename_path(partial_, target);
    fs::remove_all(old);
  } else {
    fs::remove_all(partial_);
  }
  committed_ = true;
  sync_path(folder_of(target));
}

void link_or_copy_file(const fs::path& from, const fs::path& to) {
  require(fs::is_regular_file(from), "cannot copy '{}': there is no such file", from.string());
  const fs::path partial = with_suffix(to, ".partial");
  std::error_code error;
  fs::remove(partial, error);
  fs::create_hard_link(from, partial, error);
  if (error) {
    fs::copy_file(from, partial, error);
    if (error) {
      std::error_code ignored;
      fs::remove(partial, ignored);
      throw EnvironmentError(
          fmt::format("cannot copy '{}' to '{}': {}", from.string(), to.string(), error.message()));
    }
    sync_path(partial);
  }
  rename_path(partial, to);
  // Renaming between two links of one file does nothing, so the first name may still be there.
  fs::remove(partial, error);
}

}  // namespace sana
