// Complaints of a section about itself.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sana::config {

// What validate() fills. Keys are relative to the section ("num_frames", "video.num_frames"); an
// empty key speaks of the section as a whole.
class Problems {
 public:
  struct Problem {
    std::string key;
    std::string message;
  };

  void add(std::string_view key, std::string message) {
    all_.push_back({std::string(key), std::move(message)});
  }
  bool empty() const { return all_.empty(); }
  const std::vector<Problem>& all() const { return all_; }

 private:
  std::vector<Problem> all_;
};

}  // namespace sana::config
