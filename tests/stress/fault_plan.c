#define _GNU_SOURCE
#include "fault_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

struct Call begin_at(const char* kind, int folder, const char* name) {
  const int saved = errno;
  char path[PATH_MAX * 2];
  absolute(folder, name, path, sizeof path);
  const struct Call call = begin(kind, path);
  errno = saved;
  return call;
}

struct Call begin_descriptor(const char* kind, int descriptor) {
  const int saved = errno;
  char path[PATH_MAX];
  struct Call call = {false, false};
  if (path_of_descriptor(descriptor, path, sizeof path)) call = begin(kind, path);
  errno = saved;
  return call;
}

bool fails(struct Call call) {
  if (!call.now || (plan.action != kFail && plan.action != kFailForGood)) return false;
  errno = plan.error;
  return true;
}

void end(struct Call call) {
  if (call.now && plan.action == kKillAfter) raise(SIGKILL);
}

size_t share(struct Call call, size_t count) {
  return call.now && plan.action == kTorn ? count / 2 : count;
}

void end_write(struct Call call) {
  if (call.now && (plan.action == kTorn || plan.action == kKillAfter)) raise(SIGKILL);
}
