// Checks of a configuration that did not come through config::load (a checkpoint of another
// program, a struct filled by code).
#pragma once
#include <string>
#include <type_traits>

#include "core/config/fields.h"
#include "core/config/problems.h"
#include "core/error.h"

namespace sana::config {

class CheckBinder {
 public:
  template <class T, class... Checks>
  void field([[maybe_unused]] const char* name, [[maybe_unused]] T& value, const char* /*help*/,
             const Checks&... checks) {
    (run(name, value, checks), ...);
  }
  template <class T, class... Checks>
  void required(const char* name, T& value, const char* help, const Checks&... checks) {
    field(name, value, help, checks...);
  }
  Problems& problems() { return problems_; }

 private:
  // On a list a check holds for each item, on an optional for the value when there is one.
  template <class T, class Check>
  void run(const char* name, const T& value, const Check& check) {
    if constexpr (std::is_invocable_v<const Check&, const T&>) {
      if (const auto complaint = check(value)) problems_.add(name, *complaint);
    } else if constexpr (ListTraits<T>::is_optional) {
      if (value) run(name, *value, check);
    } else {
      for (const typename T::value_type item : value) run(name, item, check);
    }
  }

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
