#include "cli/phase.h"

#include <c10/util/Exception.h>
#include <spdlog/fmt/fmt.h>

#include <new>

#include "core/error.h"

namespace sana::cli {
namespace {

constexpr const char* kLessMemory =
    "Remedies: a smaller batch, fewer or smaller frames, gradient checkpointing, bfloat16";

// The CPU allocator reports exhaustion as a plain c10::Error.
bool is_out_of_memory(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         text.find("can't allocate memory") != std::string::npos;
}

// LibTorch's messages go on with advice for its own developers after the first line.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

void rethrow_with_phase(const std::string& phase, std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& failure) {
    const std::string text = first_line(failure.what_without_backtrace());
    if (is_out_of_memory(failure)) {
      throw EnvironmentError(
          fmt::format("out of memory while {}: {}. {}", phase, text, kLessMemory));
    }
    throw InternalError(fmt::format("LibTorch failed while {}: {}", phase, text));
  } catch (const std::bad_alloc&) {
    throw EnvironmentError(fmt::format("out of memory while {}. {}", phase, kLessMemory));
  }
}

}  // namespace sana::cli
