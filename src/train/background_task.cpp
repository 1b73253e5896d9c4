#include "train/background_task.h"

#include <utility>

#include "core/log.h"

namespace sana::train {

BackgroundTask::~BackgroundTask() {
  try {
    finish();
  } catch (const std::exception& error) {
    log::error("{}", error.what());
  }
}

void BackgroundTask::start(std::function<void()> work) {
  finish();
  thread_ = std::thread([this, work = std::move(work)] {
    try {
      work();
    } catch (...) {
      error_ = std::current_exception();
      has_failed_ = true;
    }
  });
}

void BackgroundTask::finish() {
  if (thread_.joinable()) thread_.join();
  has_failed_ = false;
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void BackgroundTask::check() {
  if (has_failed_) finish();
}

}  // namespace sana::train
