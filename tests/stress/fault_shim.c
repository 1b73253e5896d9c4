// Preloaded into the program under test (LD_PRELOAD): counts its calls that change what lies below a
// folder, and at the n-th kills it, stops it, or lets the call fail (fault_plan.h).
// What glibc does inside of itself cannot be seen from outside, so that the functions of stdio count
// themselves.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fault_plan.h"

#define EXPORT __attribute__((visibility("default")))

#define REAL(name)                                          \
  static __typeof__(&name) real;                            \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

// The rest of a function: counts, perhaps fails, calls.
#define FINISH(type, call, failure, ...)  \
  if (fails(call)) return (failure);      \
  const type result = real(__VA_ARGS__);  \
  end(call);                              \
  return result
#define FINISH_WRITE(call, ...)             \
  if (fails(call)) return -1;               \
  const ssize_t result = real(__VA_ARGS__); \
  end_write(call);                          \
  return result

// ------------------------------------------------------------------------------------ open, and close

static bool changes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0; }

static struct Call begin_open(int folder, const char* name, int flags) {
  const struct Call none = {false, false};
  return changes(flags) ? begin_at("open", folder, name) : none;
}

static mode_t mode_after(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? (mode_t)va_arg(arguments, int) : 0;
}

#define DEFINE_OPEN(name)                                                 \
  EXPORT int name(const char* path, int flags, ...) {                     \
    REAL(name);                                                           \
    va_list arguments;                                                    \
    va_start(arguments, flags);                                           \
    const mode_t mode = mode_after(flags, arguments);                     \
    va_end(arguments);                                                    \
    const struct Call call = begin_open(AT_FDCWD, path, flags);           \
    FINISH(int, call, -1, path, flags, mode);                             \
  }
#define DEFINE_OPENAT(name)                                               \
  EXPORT int name(int folder, const char* path, int flags, ...) {         \
    REAL(name);                                                           \
    va_list arguments;                                                    \
    va_start(arguments, flags);                                           \
    const mode_t mode = mode_after(flags, arguments);                     \
    va_end(arguments);                                                    \
    const struct Call call = begin_open(folder, path, flags);             \
    FINISH(int, call, -1, folder, path, flags, mode);                     \
  }
#define DEFINE_CREAT(name)                                                \
  EXPORT int name(const char* path, mode_t mode) {                        \
    REAL(name);                                                           \
    const struct Call call = begin_at("open", AT_FDCWD, path);            \
    FINISH(int, call, -1, path, mode);                                    \
  }
#define DEFINE_FOPEN(name)                                                \
  EXPORT FILE* name(const char* path, const char* mode) {                 \
    REAL(name);                                                           \
    struct Call call = {false, false};                                    \
    if (strpbrk(mode, "wa+") != NULL) call = begin_at("open", AT_FDCWD, path); \
    FINISH(__typeof__(FILE*), call, NULL, path, mode);                    \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)
DEFINE_CREAT(creat)
DEFINE_CREAT(creat64)
DEFINE_FOPEN(fopen)
DEFINE_FOPEN(fopen64)

EXPORT int close(int descriptor) {
  REAL(close);
  struct Call call = {false, false};
  const int saved = errno, flags = fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) call = begin_descriptor("close", descriptor);
  errno = saved;
  const int result = real(descriptor);  // it is closed, whatever is said of it
  if (fails(call)) return -1;
  end(call);
  return result;
}

// ---------------------------------------------------------------------------------------------- write

EXPORT ssize_t write(int descriptor, const void* bytes, size_t count) {
  REAL(write);
  const struct Call call = begin_descriptor("write", descriptor);
  FINISH_WRITE(call, descriptor, bytes, share(call, count));
}
#define DEFINE_PWRITE(name, offset_type)                                                    \
  EXPORT ssize_t name(int descriptor, const void* bytes, size_t count, offset_type offset) { \
    REAL(name);                                                                             \
    const struct Call call = begin_descriptor("write", descriptor);                         \
    FINISH_WRITE(call, descriptor, bytes, share(call, count), offset);                      \
  }
DEFINE_PWRITE(pwrite, off_t)
DEFINE_PWRITE(pwrite64, off64_t)

EXPORT ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  REAL(writev);
  const struct Call call = begin_descriptor("write", descriptor);
  FINISH_WRITE(call, descriptor, parts, (int)share(call, (size_t)count));
}
#define DEFINE_PWRITEV(name, offset_type)                                                       \
  EXPORT ssize_t name(int descriptor, const struct iovec* parts, int count, offset_type offset) { \
    REAL(name);                                                                                 \
    const struct Call call = begin_descriptor("write", descriptor);                             \
    FINISH_WRITE(call, descriptor, parts, (int)share(call, (size_t)count), offset);             \
  }
DEFINE_PWRITEV(pwritev, off_t)
DEFINE_PWRITEV(pwritev64, off64_t)

#define DEFINE_SENDFILE(name, offset_type)                                  \
  EXPORT ssize_t name(int out, int in, offset_type* offset, size_t count) { \
    REAL(name);                                                             \
    const struct Call call = begin_descriptor("write", out);                \
    FINISH_WRITE(call, out, in, offset, share(call, count));                \
  }
DEFINE_SENDFILE(sendfile, off_t)
DEFINE_SENDFILE(sendfile64, off64_t)

EXPORT ssize_t copy_file_range(int in, off64_t* in_offset, int out, off64_t* out_offset, size_t count,
                               unsigned int flags) {
  REAL(copy_file_range);
  const struct Call call = begin_descriptor("write", out);
  FINISH_WRITE(call, in, in_offset, out, out_offset, share(call, count), flags);
}

// Of stdio: what it has buffered goes out now, so that every call is one of the disk.
static struct Call begin_stream(FILE* stream) {
  const int descriptor = fileno(stream);
  return descriptor < 0 ? (struct Call){false, false} : begin_descriptor("write", descriptor);
}

EXPORT size_t fwrite(const void* items, size_t size, size_t count, FILE* stream) {
  REAL(fwrite);
  const struct Call call = begin_stream(stream);
  if (fails(call)) return 0;
  const size_t result = real(items, size, share(call, count), stream);
  if (call.counts) fflush_unlocked(stream);
  end_write(call);
  return result;
}
EXPORT int fputs(const char* text, FILE* stream) {
  return fwrite(text, 1, strlen(text), stream) == strlen(text) ? 1 : EOF;
}

// ------------------------------------------------------------------------------------- size, and sync

#define DEFINE_ON_DESCRIPTOR(kind, name, parameters, ...)           \
  EXPORT int name parameters {                                      \
    REAL(name);                                                     \
    const struct Call call = begin_descriptor(kind, descriptor);    \
    FINISH(int, call, -1, __VA_ARGS__);                             \
  }
DEFINE_ON_DESCRIPTOR("fsync", fsync, (int descriptor), descriptor)
DEFINE_ON_DESCRIPTOR("fsync", fdatasync, (int descriptor), descriptor)
DEFINE_ON_DESCRIPTOR("truncate", ftruncate, (int descriptor, off_t size), descriptor, size)
DEFINE_ON_DESCRIPTOR("truncate", ftruncate64, (int descriptor, off64_t size), descriptor, size)
DEFINE_ON_DESCRIPTOR("truncate", fallocate, (int descriptor, int mode, off_t offset, off_t size), descriptor, mode,
                     offset, size)
DEFINE_ON_DESCRIPTOR("truncate", fallocate64, (int descriptor, int mode, off64_t offset, off64_t size), descriptor,
                     mode, offset, size)

// ----------------------------------------------------------------------------------------------- names

#define DEFINE_ON_NAME(kind, name, parameters, ...)               \
  EXPORT int name parameters {                                    \
    REAL(name);                                                   \
    const struct Call call = begin_at(kind, AT_FDCWD, path);      \
    FINISH(int, call, -1, __VA_ARGS__);                           \
  }
DEFINE_ON_NAME("truncate", truncate, (const char* path, off_t size), path, size)
DEFINE_ON_NAME("truncate", truncate64, (const char* path, off64_t size), path, size)
DEFINE_ON_NAME("unlink", unlink, (const char* path), path)
DEFINE_ON_NAME("unlink", remove, (const char* path), path)
DEFINE_ON_NAME("unlink", rmdir, (const char* path), path)
DEFINE_ON_NAME("mkdir", mkdir, (const char* path, mode_t mode), path, mode)
DEFINE_ON_NAME("rename", rename, (const char* from, const char* path), from, path)
DEFINE_ON_NAME("link", link, (const char* from, const char* path), from, path)
DEFINE_ON_NAME("link", symlink, (const char* from, const char* path), from, path)

#define DEFINE_AT(kind, name, parameters, ...)                    \
  EXPORT int name parameters {                                    \
    REAL(name);                                                   \
    const struct Call call = begin_at(kind, folder, path);        \
    FINISH(int, call, -1, __VA_ARGS__);                           \
  }
DEFINE_AT("unlink", unlinkat, (int folder, const char* path, int flags), folder, path, flags)
DEFINE_AT("mkdir", mkdirat, (int folder, const char* path, mode_t mode), folder, path, mode)
DEFINE_AT("rename", renameat, (int old_folder, const char* from, int folder, const char* path), old_folder, from,
          folder, path)
EXPORT int renameat2(int old_folder, const char* from, int folder, const char* path, unsigned int flags) {
  REAL(renameat2);
  if (flags != 0 && getenv("STRESS_NO_SWAP") != NULL) {
    errno = EINVAL;
    return -1;
  }
  const struct Call call = begin_at("rename", folder, path);
  FINISH(int, call, -1, old_folder, from, folder, path, flags);
}
DEFINE_AT("link", linkat, (int old_folder, const char* from, int folder, const char* path, int flags), old_folder,
          from, folder, path, flags)
DEFINE_AT("link", symlinkat, (const char* from, int folder, const char* path), from, folder, path)
