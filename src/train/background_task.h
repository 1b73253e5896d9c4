// One piece of work beside the training thread.
#pragma once
#include <atomic>
#include <exception>
#include <functional>
#include <thread>

namespace sana::train {

class BackgroundTask {
 public:
  BackgroundTask() = default;
  // Waits for what runs; an error of it that nobody asked for is logged.
  ~BackgroundTask();
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  // Waits for the work before, as finish(), and begins this one.
  void start(std::function<void()> work);
  // Waits for the work, and rethrows its error; nothing where there is none.
  void finish();
  // Rethrows the error of work that has ended; nothing while it goes on.
  void check();

 private:
  std::thread thread_;
  std::exception_ptr error_;
  std::atomic<bool> has_failed_ = false;
};

}  // namespace sana::train
