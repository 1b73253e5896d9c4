// HDF5's C library for hdf5_file and hdf5_listing, which alone may include it. It is not thread-safe:
// one lock guards every call.
#pragma once
#include <hdf5.h>

#include <mutex>
#include <string>

namespace sana::data {

// Holds the lock; HDF5 keeps its errors to itself instead of printing them, and loads no filters.
class Hdf5Guard {
 public:
  Hdf5Guard();

 private:
  std::lock_guard<std::mutex> lock_;
};

// The innermost message of HDF5's error stack: the cause.
std::string hdf5_reason();

// An HDF5 handle and the function that closes it.
class Hdf5Handle {
 public:
  Hdf5Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  hid_t get() const { return id_; }
  bool ok() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

}  // namespace sana::data
