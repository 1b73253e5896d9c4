// Preloaded into the program under test (LD_PRELOAD): counts its calls that change what lies below a
// folder, and at the n-th kills it, stops it, or lets the call fail. All of it is asked for by the
// environment, which drivers/shim.py writes:
//   STRESS_FOLDERS  absolute folders, separated by ':'
//   STRESS_AT       number of the call, counted from 1; 0: only count
//   STRESS_ACTION   kill (before the call), kill-after, torn (half of a write, then kill), stop (SIGSTOP
//                   before the call), fail (this call), fail-for-good (it and every later one)
//   STRESS_ERRNO    errno of calls that fail
//   STRESS_KINDS    kinds of calls that count, separated by ','; unset: all
//   STRESS_NO_SWAP  set: two names cannot be swapped, as on many network file systems
//   STRESS_LOG      file that each counted call is appended to: "number kind path"
// What glibc does inside of itself cannot be seen from outside, so that the functions of stdio count
// themselves.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum Action { kCount, kKill, kKillAfter, kTorn, kStop, kFail, kFailForGood };

static struct {
  const char* folders;
  const char* kinds;
  const char* log;
  long at;
  int error;
  enum Action action;
} plan;
static atomic_long calls;

static enum Action action_named(const char* name) {
  static const char* const names[] = {"count", "kill", "kill-after", "torn", "stop", "fail", "fail-for-good"};
  for (int i = 0; name != NULL && i < (int)(sizeof names / sizeof *names); ++i) {
    if (strcmp(name, names[i]) == 0) return (enum Action)i;
  }
  return kCount;
}

static long number_in(const char* variable) {
  const char* text = getenv(variable);
  return text == NULL ? 0 : atol(text);
}

__attribute__((constructor)) static void read_plan(void) {
  plan.folders = getenv("STRESS_FOLDERS");
  plan.kinds = getenv("STRESS_KINDS");
  plan.log = getenv("STRESS_LOG");
  plan.at = number_in("STRESS_AT");
  plan.error = (int)number_in("STRESS_ERRNO");
  plan.action = action_named(getenv("STRESS_ACTION"));
}

// ------------------------------------------------------------------------------- which calls count

// Whether `item` stands in a list with this separator.
static bool lists(const char* list, char separator, const char* item) {
  const size_t length = strlen(item);
  for (const char* at = list; at != NULL; at = strchr(at, separator)) {
    if (*at == separator) ++at;
    if (strncmp(at, item, length) == 0 && (at[length] == separator || at[length] == 0)) return true;
  }
  return false;
}

static bool is_below(const char* path) {
  for (const char* at = plan.folders; at != NULL && *at != 0;) {
    const char* end = strchrnul(at, ':');
    const size_t length = (size_t)(end - at);
    if (strncmp(path, at, length) == 0 && (path[length] == '/' || path[length] == 0)) return true;
    at = *end == ':' ? end + 1 : NULL;
  }
  return false;
}

static bool path_of_link(const char* link, char* path, size_t size) {
  const ssize_t count = readlink(link, path, size - 1);
  path[count > 0 ? count : 0] = 0;
  return count > 0;
}

static bool path_of_descriptor(int descriptor, char* path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  return path_of_link(link, path, size);
}

// Takes "." and ".." and doubled slashes out of an absolute path, by its letters alone.
static void normalise(char* path) {
  char* out = path;
  for (const char* at = path; *at != 0;) {
    while (*at == '/') ++at;
    const size_t length = (size_t)(strchrnul(at, '/') - at);
    if (length == 2 && at[0] == '.' && at[1] == '.') {
      while (out > path && *--out != '/') {
      }
    } else if (length > 0 && !(length == 1 && at[0] == '.')) {
      *out++ = '/';
      memmove(out, at, length);
      out += length;
    }
    at += length;
  }
  if (out == path) *out++ = '/';
  *out = 0;
}

// `name` as opened relative to a folder, absolute.
static void absolute(int folder, const char* name, char* path, size_t size) {
  char base[PATH_MAX] = "";
  if (name[0] != '/') {
    folder == AT_FDCWD ? path_of_link("/proc/self/cwd", base, sizeof base)
                       : path_of_descriptor(folder, base, sizeof base);
  }
  snprintf(path, size, "%s/%s", base, name);
  normalise(path);
}

// -------------------------------------------------------------------------------- what is done then

struct Call {
  bool counts;
  bool now;  // it is the one that was asked for
};

static void note(long number, const char* kind, const char* path) {
  if (plan.log == NULL) return;
  char line[PATH_MAX + 64];
  const int length = snprintf(line, sizeof line, "%ld %s %s\n", number, kind, path);
  const long descriptor = syscall(SYS_openat, AT_FDCWD, plan.log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return;
  syscall(SYS_write, descriptor, line, (size_t)length);
  syscall(SYS_close, descriptor);
}

static struct Call begin(const char* kind, const char* path) {
  struct Call call = {false, false};
  if (plan.folders == NULL || !is_below(path)) return call;
  if (plan.kinds != NULL && !lists(plan.kinds, ',', kind)) return call;
  const long number = atomic_fetch_add(&calls, 1) + 1;
  note(number, kind, path);
  call.counts = true;
  call.now = plan.at > 0 && number == plan.at;
  if (call.now && plan.action == kKill) raise(SIGKILL);
  if (call.now && plan.action == kStop) raise(SIGSTOP);
  if (plan.action == kFailForGood) call.now = plan.at > 0 && number >= plan.at;
  return call;
}

static struct Call begin_at(const char* kind, int folder, const char* name) {
  const int saved = errno;
  char path[PATH_MAX * 2];
  absolute(folder, name, path, sizeof path);
  const struct Call call = begin(kind, path);
  errno = saved;
  return call;
}

static struct Call begin_descriptor(const char* kind, int descriptor) {
  const int saved = errno;
  char path[PATH_MAX];
  struct Call call = {false, false};
  if (path_of_descriptor(descriptor, path, sizeof path)) call = begin(kind, path);
  errno = saved;
  return call;
}

static bool fails(struct Call call) {
  if (!call.now || (plan.action != kFail && plan.action != kFailForGood)) return false;
  errno = plan.error;
  return true;
}

static void end(struct Call call) {
  if (call.now && plan.action == kKillAfter) raise(SIGKILL);
}

// How many of `count` bytes a write hands on.
static size_t share(struct Call call, size_t count) {
  return call.now && plan.action == kTorn ? count / 2 : count;
}

static void end_write(struct Call call) {
  if (call.now && (plan.action == kTorn || plan.action == kKillAfter)) raise(SIGKILL);
}

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
