// Opening what is a file and nothing else: a FIFO, a device or a file of /proc may never end, or
// never begin.
#pragma once
#include <cstdint>
#include <filesystem>

namespace sana {

// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return number_; }

 private:
  int number_;
};

// Whether the descriptor is of a Git LFS pointer: the few lines that a clone holds in the place of a
// file where Git LFS is not installed.
bool is_lfs_pointer(int descriptor);

struct PlainFile {
  Descriptor descriptor;
  int64_t bytes = 0;
};

// Opens a file for reading without ever waiting for it. Links are followed. Throws UserError that
// says what else it is (a folder, a FIFO, a device, a socket, a file of /proc, a Git LFS pointer in
// the place of a file), that it is not there, or why it cannot be opened.
PlainFile open_plain_file(const std::filesystem::path& path);

}  // namespace sana
