// One writer for each output: a second process is told who the first one is.
#pragma once
#include <filesystem>
#include <memory>

namespace sana {

// Holds an output folder, or an output file, as long as it lives. The lock is the kernel's (flock
// on
// ".lock" in the folder, on ".<name>.lock" beside a file), so that it ends with the process,
// however that ends; on network file systems as far as they keep such locks.
class OutputLock {
 public:
  // Throws UserError with host and process number of the holder, EnvironmentError when the lock
  // file cannot be written. The folder must exist.
  static OutputLock of_folder(const std::filesystem::path& folder);
  static OutputLock of_file(const std::filesystem::path& file);

  OutputLock(OutputLock&&) noexcept;
  OutputLock& operator=(OutputLock&&) noexcept;
  ~OutputLock();

 private:
  class Held;
  explicit OutputLock(std::unique_ptr<Held> held);
  std::unique_ptr<Held> held_;
};

}  // namespace sana
