#include "core/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/plain_file.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kProbeName = ".write-test-";
// Where the older folder waits while a new one takes its place, without a swap.
constexpr const char* kOldName = ".partial.old";

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

// After a kill between the two renames the older folder is the only whole one; after both it is of
// no use.
void recover_old(const fs::path& target) {
  const fs::path old = with_suffix(target, kOldName);
  std::error_code error;
  if (!fs::exists(old, error)) return;
  if (!fs::exists(target, error)) return rename_path(old, target);
  fs::remove_all(old, error);
  if (error) throw_write_error(old, error.value());
}

// 0, or why no file can be written in the folder. The file has no name, so that a kill leaves none;
// file systems that know no such files get one for a moment.
int error_of_writing_in(const fs::path& folder) {
  int descriptor = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    const fs::path probe = folder / fmt::format("{}{}", kProbeName, ::getpid());
    descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor >= 0) ::unlink(probe.c_str());
  }
  if (descriptor < 0) return errno;
  int reason = ::write(descriptor, "x", 1) == 1 ? 0 : errno;
  if (::close(descriptor) != 0 && reason == 0) reason = errno;
  return reason;
}

// What programs of earlier versions left that were killed while they probed.
void remove_probes(const fs::path& folder) {
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    if (!it->path().filename().native().starts_with(kProbeName)) continue;
    std::error_code failed;
    fs::remove(it->path(), failed);
  }
}

}  // namespace

std::string read_text_file(const fs::path& path, int64_t max_bytes) {
  const PlainFile file = open_plain_file(path);
  require(file.bytes <= max_bytes, "cannot read '{}': it has {} bytes, expected at most {}",
          path.string(), file.bytes, max_bytes);
  std::string text(static_cast<size_t>(file.bytes), '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::read(file.descriptor.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    require(count >= 0, "cannot read '{}': {}", path.string(), std::strerror(errno));
    if (count == 0) break;  // it has become shorter
    done += static_cast<size_t>(count);
  }
  text.resize(done);
  return text;
}

AtomicFile::AtomicFile(fs::path target, bool hashes)
    : target_(std::move(target)),
      partial_(with_suffix(target_, ".partial")),
      hasher_(hashes ? std::make_unique<Hasher>() : nullptr) {
  descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw_write_error(target_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  // What is hashed is written while it is in the cache of the processor.
  constexpr size_t kHashedAtOnce = size_t(1) << 20;
  while (!bytes.empty()) {
    const size_t most = hasher_ ? std::min(bytes.size(), kHashedAtOnce) : bytes.size();
    const ssize_t count = ::write(descriptor_, bytes.data(), most);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_write_error(target_, errno);
    if (hasher_) hasher_->add(bytes.substr(0, static_cast<size_t>(count)));
    bytes_ += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

FileDigest AtomicFile::digest() {
  SANA_ASSERT(hasher_ != nullptr);
  return {bytes_, hasher_->hex()};
}

void AtomicFile::write_file(const fs::path& from) {
  constexpr size_t kAtOnce = size_t(1) << 30;
  SANA_ASSERT(!hasher_);
  const PlainFile source = open_plain_file(from);
  // Within the kernel, as far as these file systems can: what is left is read and written.
  while (true) {
    const ssize_t count = ::copy_file_range(source.descriptor.get(), nullptr, descriptor_, nullptr,
                                            kAtOnce, /*flags=*/0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == ENOSPC) throw_write_error(target_, errno);
    if (count <= 0) break;
  }
  std::string buffer(size_t(4) << 20, '\0');
  while (true) {
    const ssize_t count = ::read(source.descriptor.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    require(count >= 0, "cannot read '{}': {}", from.string(), std::strerror(errno));
    if (count == 0) return;
    write({buffer.data(), static_cast<size_t>(count)});
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

StagedFile::StagedFile(fs::path target)
    : target_(std::move(target)), partial_(with_suffix(target_, ".partial")) {}

StagedFile::~StagedFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(partial_, ignored);
}

void StagedFile::commit() {
  sync_path(partial_);
  rename_path(partial_, target_);
  committed_ = true;
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
  remove_probes(path);
  const int reason = error_of_writing_in(path);
  if (reason != 0) {
    throw EnvironmentError(
        fmt::format("cannot write in the folder '{}': {}", path.string(), std::strerror(reason)));
  }
}

void remove_partials(const fs::path& folder) {
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    std::error_code failed;
    if (it->path().extension() == ".partial" && fs::is_regular_file(it->symlink_status(failed))) {
      fs::remove(it->path(), failed);
    }
  }
}

StagedDirectory::StagedDirectory(fs::path target)
    : target_(std::move(target)), partial_(with_suffix(target_, ".partial")) {
  recover_old(with_suffix(target_, ""));
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
    const fs::path old = with_suffix(target, kOldName);
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
  if (error) return copy_whole_file(from, to);
  rename_path(partial, to);
  // Renaming between two links of one file does nothing, so the first name may still be there.
  fs::remove(partial, error);
}

void copy_whole_file(const fs::path& from, const fs::path& to) {
  AtomicFile target(to);
  target.write_file(from);
  target.commit();
}

}  // namespace sana
