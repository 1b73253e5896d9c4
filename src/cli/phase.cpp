#include "cli/phase.h"

#include <spdlog/fmt/fmt.h>

#include <new>

#include "core/error.h"
#include "core/torch_error.h"

namespace sana::cli {
namespace {

constexpr const char* kLessMemory =
    "Remedies: a smaller batch, fewer or smaller frames, gradient checkpointing, bfloat16";

}  // namespace

void rethrow_with_phase(const std::string& phase, std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& failure) {
    const std::string text = short_text(failure);
    if (is_out_of_memory(failure)) {
      throw EnvironmentError(
          fmt::format("out of memory while {}: {}. {}", phase, text, kLessMemory));
    }
    if (is_fault_of_machine(failure)) {
      throw EnvironmentError(fmt::format(
          "the device or the network failed while {}: {}. Try again; where it comes at the same "
          "place again, please report this",
          phase, text));
    }
    throw InternalError(fmt::format("LibTorch failed while {}: {}", phase, text));
  } catch (const std::bad_alloc&) {
    throw EnvironmentError(fmt::format("out of memory while {}. {}", phase, kLessMemory));
  }
}

}  // namespace sana::cli
