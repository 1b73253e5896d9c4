#include "core/config/checks.h"

#include <algorithm>

namespace sana::config {

std::optional<std::string> OneOf::operator()(const std::string& value) const {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return std::nullopt;
  return fmt::format("must be one of {}, got '{}'", fmt::join(choices, ", "), value);
}

std::string OneOf::describe() const { return fmt::format("one of {}", fmt::join(choices, ", ")); }

}  // namespace sana::config
