// Independent pieces of work on several cores.
#pragma once
#include <cstddef>
#include <functional>

namespace sana {

// Calls work(0) ... work(count - 1), each once, on as many threads as there are cores, at most
// `most_threads`; the lower numbers begin first. Returns when all are done. The first exception
// that one of them throws is thrown on.
void run_parallel(size_t count, size_t most_threads, const std::function<void(size_t)>& work);

}  // namespace sana
