#include "data/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace sana::data {

void append_to_file(const std::filesystem::path& file, const std::string& lines, bool sync) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  const auto fail = [&] {
    const std::string reason = std::strerror(errno);
    if (descriptor >= 0) ::close(descriptor);
    throw EnvironmentError(fmt::format("{}: cannot be written: {}", file.string(), reason));
  };
  if (descriptor < 0) fail();
  const off_t before = ::lseek(descriptor, 0, SEEK_END);
  errno = ENOSPC;  // a short write has no other cause here and sets no error
  if (::write(descriptor, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()) ||
      (sync && ::fsync(descriptor) != 0)) {
    const int error = errno;
    [[maybe_unused]] const int cut = ::ftruncate(descriptor, before);
    errno = error;
    fail();
  }
  ::close(descriptor);
}

}  // namespace sana::data
