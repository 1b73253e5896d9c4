#include "core/output_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/clock.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/files.h"
#include "core/plain_file.h"
#include "core/text.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

// Owners of a lock file come and go between opening and locking it.
constexpr int kAttempts = 100;

std::string own_name() {
  return fmt::format("process {} on {}, since {}\n", ::getpid(), host_name(), utc_now());
}

std::string first_line(int descriptor) {
  std::array<char, 512> text{};
  const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
  const std::string all(text.data(), count > 0 ? size_t(count) : 0);
  const std::string line = all.substr(0, all.find('\n'));
  return line.empty() ? "another process" : line;
}

// Whether the path still names the file that was opened.
bool is_still_there(int descriptor, const fs::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

class OutputLock::Held {
 public:
  Held(const fs::path& output, const fs::path& file) : file_(file) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      descriptor_ =
          Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
      if (descriptor_.get() < 0) {
        throw EnvironmentError(
            fmt::format("cannot write the lock '{}': {}", file.string(), std::strerror(errno)));
      }
      if (::flock(descriptor_.get(), LOCK_EX | LOCK_NB) != 0) refuse(output, errno);
      if (!is_still_there(descriptor_.get(), file)) continue;  // its last owner has just removed it
      const std::string name = own_name();
      if (::ftruncate(descriptor_.get(), 0) != 0 ||
          ::pwrite(descriptor_.get(), name.data(), name.size(), 0) != ssize_t(name.size())) {
        throw EnvironmentError(
            fmt::format("cannot write the lock '{}': {}", file.string(), std::strerror(errno)));
      }
      return;
    }
    throw EnvironmentError(fmt::format("cannot lock '{}'", file.string()));
  }

  // Removed while it is held, so that nobody else's is.
  ~Held() { ::unlink(file_.c_str()); }

 private:
  [[noreturn]] void refuse(const fs::path& output, int error) const {
    if (error != EWOULDBLOCK) {
      throw EnvironmentError(
          fmt::format("cannot lock '{}': {}", file_.string(), std::strerror(error)));
    }
    throw UserError(
        fmt::format("'{}' is being written by {}: wait for it or stop it, or choose another output",
                    output.string(), first_line(descriptor_.get())));
  }

  fs::path file_;
  Descriptor descriptor_;
};

OutputLock::OutputLock(std::unique_ptr<Held> held) : held_(std::move(held)) {}
OutputLock::OutputLock(OutputLock&&) noexcept = default;
OutputLock& OutputLock::operator=(OutputLock&&) noexcept = default;
OutputLock::~OutputLock() = default;

OutputLock OutputLock::of_folder(const fs::path& folder) {
  return OutputLock(std::make_unique<Held>(folder, name_of_folder(folder)));
}

OutputLock OutputLock::of_file(const fs::path& file) {
  return OutputLock(std::make_unique<Held>(file, name_of_file(file)));
}

OutputLock OutputLock::of_target(const fs::path& target) {
  // "runs/a/" names the folder "runs/a"; a bare name lies in the present one.
  const fs::path named = target.has_filename() ? target : target.parent_path();
  const fs::path file = named.has_parent_path() ? named : "." / named;
  ensure_writable_directory(file.parent_path());
  return of_file(file);
}

fs::path OutputLock::name_of_folder(const fs::path& folder) { return folder / ".lock"; }

fs::path OutputLock::name_of_file(const fs::path& file) {
  return file.parent_path() / fmt::format(".{}.lock", file.filename().string());
}

}  // namespace sana
