// Work in a process of its own that may not take more memory than this.
#pragma once
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "support/catch.h"

namespace sana_test {

// What `body` returns (0 to 200) in a child that may take `bytes` more than this process has; above
// 200 when it throws, crashes or takes longer than 20 s. Nothing in it may start threads.
template <class Body>
int result_within_memory(int64_t bytes, const Body& body) {
  constexpr int kThrown = 201, kKilled = 202;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const auto most = rlim_t(pages * ::sysconf(_SC_PAGESIZE) + bytes);
    const rlimit limit = {most, most};
    ::setrlimit(RLIMIT_AS, &limit);
    ::alarm(20);
    try {
      ::_exit(body());
    } catch (...) {
      ::_exit(kThrown);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kKilled;
}

}  // namespace sana_test
