// How long a prompt is for a text encoder.
#pragma once
#include <cstdint>

namespace sana::model {

struct PromptLength {
  int64_t tokens = 0;  // that the whole prompt has, with those that begin and end a text
  int64_t limit = 0;   // that are used

  bool is_cut() const { return tokens > limit; }
};

}  // namespace sana::model
