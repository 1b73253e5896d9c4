// A port of this host for processes that are to meet.
#pragma once
#include <cstdint>

namespace sana {

// One that nobody uses now, on any of its addresses. Throws EnvironmentError where none is free.
int64_t free_port();

}  // namespace sana
