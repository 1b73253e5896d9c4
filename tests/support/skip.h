// Test cases that this machine or build cannot run: told as skipped, never as passed.
#pragma once
#include <string>

#include "core/device.h"

namespace sana_test {

/**
 * Counts the running test case as skipped and prints "skipped: <test case>: <reason>", once for
 * each test case. It does not end the test case: use SANA_SKIP.
 */
void remember_skipped(const std::string& reason);

}  // namespace sana_test

/**
 * Ends the test case as skipped; stands in the body of a test case, not in a function that it
 * calls. The reason holds no colon and is the same words for the same cause: reasons are counted.
 */
#define SANA_SKIP(reason)                  \
  do {                                     \
    ::sana_test::remember_skipped(reason); \
    return;                                \
  } while (false)

/** Ends the test case as skipped where no GPU can be used; its test case carries the tag [gpu]. */
#define SANA_SKIP_WITHOUT_GPU()                                                   \
  do {                                                                            \
    if (!::sana::parse_device("auto").is_cuda()) SANA_SKIP("no GPU can be used"); \
  } while (false)
