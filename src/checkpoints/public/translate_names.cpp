#include "checkpoints/public/translate_names.h"

#include <vector>

#include "core/error.h"

namespace sana::checkpoints {

TensorMap translate_names(const TensorMap& tensors, const NameTranslation& translate,
                          const std::string& what) {
  TensorMap result;
  std::vector<std::string> unknown;
  for (const auto& [name, tensor] : tensors) {
    const std::optional<std::string> ours = translate(name);
    if (!ours) {
      unknown.push_back(name);
    } else {
      require(result.emplace(*ours, tensor).second,
              "{}: tensor {} stands for {}, as another one does; the file is damaged", what, name,
              *ours);
    }
  }
  if (unknown.empty()) return result;
  std::string listed;
  for (size_t i = 0; i < unknown.size() && i < 10; ++i) listed += "\n    " + unknown[i];
  if (unknown.size() > 10) listed += fmt::format("\n    ... and {} more", unknown.size() - 10);
  throw UserError(
      fmt::format("{}: {} tensors are not of this model:{}\n  Give the checkpoint that the "
                  "configuration belongs to.",
                  what, unknown.size(), listed));
}

std::optional<std::string> replace_start(const std::string& text, const std::string& from,
                                         const std::string& to) {
  if (!text.starts_with(from)) return std::nullopt;
  return to + text.substr(from.size());
}

std::optional<size_t> take_index(std::string& text) {
  const size_t dot = text.find('.');
  if (dot == 0 || dot == std::string::npos || dot > 4) return std::nullopt;
  if (text.find_first_not_of("0123456789") != dot) return std::nullopt;
  const size_t index = std::stoul(text.substr(0, dot));
  text = text.substr(dot + 1);
  return index;
}

}  // namespace sana::checkpoints
