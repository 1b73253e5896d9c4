// A table of all processes, without processes, and what can happen on the way to it.
#pragma once
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/distributed/board.h"

namespace sana_test {

struct Table {
  std::mutex lock;
  std::map<std::string, std::string> texts;
};

struct Line {
  std::atomic<bool> is_frozen = false;  // no answer, as of a process that is stopped
  std::atomic<bool> is_cut = false;     // an error
};

class TableBoard final : public sana::Board {
 public:
  TableBoard(std::shared_ptr<Table> table, std::shared_ptr<Line> line)
      : table_(std::move(table)), line_(std::move(line)) {}

  void put(const std::string& key, const std::string& text) override {
    pass();
    const std::lock_guard guard(table_->lock);
    table_->texts[key] = text;
  }
  std::optional<std::string> find(const std::string& key) override {
    pass();
    const std::lock_guard guard(table_->lock);
    const auto found = table_->texts.find(key);
    if (found == table_->texts.end()) return std::nullopt;
    return found->second;
  }
  std::vector<std::string> get(const std::vector<std::string>& keys) override {
    pass();
    const std::lock_guard guard(table_->lock);
    std::vector<std::string> texts;
    for (const std::string& key : keys) texts.push_back(table_->texts.at(key));
    return texts;
  }
  std::string put_first(const std::string& key, const std::string& text) override {
    pass();
    const std::lock_guard guard(table_->lock);
    return table_->texts.try_emplace(key, text).first->second;
  }

 private:
  void pass() const {
    while (line_->is_frozen) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (line_->is_cut) throw std::runtime_error("connection reset by peer");
  }

  std::shared_ptr<Table> table_;
  std::shared_ptr<Line> line_;
};

}  // namespace sana_test
