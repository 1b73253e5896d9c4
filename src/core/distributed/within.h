// Calls that may never return, such as requests to a host that is cut off.
#pragma once
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "core/error.h"

namespace sana {

// Runs `body` in a thread of its own and waits for it; its error is rethrown. Throws
// EnvironmentError with `else_say` when it takes longer than `limit`: the thread is left alone then,
// so that `body` must own what it uses.
inline void within(std::chrono::milliseconds limit, std::function<void()> body,
                   const std::string& else_say) {
  const auto task = std::make_shared<std::packaged_task<void()>>(std::move(body));
  std::future<void> done = task->get_future();
  std::thread([task] { (*task)(); }).detach();
  if (done.wait_for(limit) != std::future_status::ready) throw EnvironmentError(else_say);
  done.get();
}

}  // namespace sana
