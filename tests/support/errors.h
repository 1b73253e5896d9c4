// What an error says.
#pragma once
#include <string>

#include "support/catch.h"

namespace sana_test {

// The message of the E that `body` throws. Fails the test when it throws nothing or another type.
template <class E, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const E& error) {
    return error.what();
  }
  FAIL("no error was thrown");
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sana_test
