// Errors of LibTorch that leave a phase of a command become errors of this program that name it.
#pragma once
#include <exception>
#include <string>

namespace sana::cli {

// Throws the sana::Error for `error`, which left `phase` ("loading the checkpoint"): out of memory
// becomes an EnvironmentError with remedies, other errors of LibTorch an InternalError; a
// sana::Error or anything else is rethrown unchanged.
[[noreturn]] void rethrow_with_phase(const std::string& phase, std::exception_ptr error);

// Runs `body`, naming `phase` in what LibTorch throws.
template <class Body>
auto with_phase(const std::string& phase, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    rethrow_with_phase(phase, std::current_exception());
  }
}

}  // namespace sana::cli
