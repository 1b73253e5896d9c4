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
  // A file or folder that is to appear whole, by the lock of a file of that name. Makes the folder
  // that it lies in.
  static OutputLock of_target(const std::filesystem::path& target);

  // The lock's own file, of an output file. It is there without a holder where one was killed.
  static std::filesystem::path name_of_file(const std::filesystem::path& file);
  static std::filesystem::path name_of_folder(const std::filesystem::path& folder);

  OutputLock(OutputLock&&) noexcept;
  OutputLock& operator=(OutputLock&&) noexcept;
  ~OutputLock();

 private:
  class Held;
  explicit OutputLock(std::unique_ptr<Held> held);
  std::unique_ptr<Held> held_;
};

}  // namespace sana
