// Which calls count, and what is to be done at the n-th. All of it is asked for by the environment, which
// drivers/shim.py writes:
//   STRESS_FOLDERS  absolute folders, separated by ':'
//   STRESS_AT       number of the call, counted from 1; 0: only count
//   STRESS_ACTION   kill (before the call), kill-after, torn (half of a write, then kill), stop (SIGSTOP
//                   before the call), fail (this call), fail-for-good (it and every later one)
//   STRESS_ERRNO    errno of calls that fail
//   STRESS_KINDS    kinds of calls that count, separated by ','; unset: all
//   STRESS_NO_SWAP  set: two names cannot be swapped, as on many network file systems
//   STRESS_LOG      file that each counted call is appended to: "number kind path"
#ifndef STRESS_FAULT_PLAN_H
#define STRESS_FAULT_PLAN_H
#include <stdbool.h>
#include <stddef.h>

struct Call {
  bool counts;
  bool now;  // it is the one that was asked for
};

// Before a call on a name (relative to a folder, as openat has it) or a descriptor: counts it, and kills or
// stops the process when that was asked for. errno stays.
struct Call begin_at(const char* kind, int folder, const char* name);
struct Call begin_descriptor(const char* kind, int descriptor);

// Whether the call is to fail; errno is set then.
bool fails(struct Call call);
// How many of `count` bytes a write hands on.
size_t share(struct Call call, size_t count);

// After a call, and after one that wrote bytes.
void end(struct Call call);
void end_write(struct Call call);

#endif
