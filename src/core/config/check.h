// Checks of a configuration that did not come through config::load (a checkpoint of another
// program, a struct filled by code).
#pragma once
#include <string>

#include "core/config/problems.h"
#include "core/error.h"

namespace sana::config {

class CheckBinder {
 public:
  template <class T, class... Checks>
  void field(const char* name, T& value, const char* /*help*/, const Checks&... checks) {
    [[maybe_unused]] const auto run = [&](const auto& check) {
      if (const auto complaint = check(value)) problems_.add(name, *complaint);
    };
    (run(checks), ...);
  }
  template <class T, class... Checks>
  void required(const char* name, T& value, const char* help, const Checks&... checks) {
    field(name, value, help, checks...);
  }
  Problems& problems() { return problems_; }

 private:
  Problems problems_;
};

// Runs the field checks and validate() of one section; throws one UserError with every complaint.
template <class Config>
void check(Config config, const std::string& where) {
  CheckBinder binder;
  config.bind(binder);
  config.validate(binder.problems());
  if (binder.problems().empty()) return;
  std::string message = where + ":";
  for (const auto& problem : binder.problems().all()) {
    message += "\n  " + problem.key + " " + problem.message;
  }
  throw UserError(message);
}

}  // namespace sana::config
