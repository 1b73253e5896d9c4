#include "cli/checkpoint_facts.h"

#include <spdlog/fmt/ranges.h>

#include <utility>

#include "checkpoints/public/dit_conversion.h"
#include "checkpoints/public/known_weights.h"
#include "checkpoints/public/public_models.h"
#include "checkpoints/transformer_source.h"
#include "core/error.h"

namespace sana::cli {
namespace {

using checkpoints::CheckpointLayout;
using checkpoints::DitNaming;
using checkpoints::Layout;
using checkpoints::WeightSource;

void add_file_facts(std::vector<Fact>& facts, const CheckpointLayout& layout,
                    const WeightSource& file) {
  facts.push_back({"layout", layout.description()});
  if (layout.weights != layout.path) facts.push_back({"weights", layout.weights.string()});
  if (!file.wrapper.empty()) facts.push_back({"inside", file.wrapper});
  if (file.step) facts.push_back({"step", std::to_string(*file.step)});
  if (file.epoch) facts.push_back({"epoch", std::to_string(*file.epoch)});
  if (!file.unread.empty()) {
    facts.push_back({"beside them", fmt::format("{} (not read)", fmt::join(file.unread, ", "))});
  }
}

// "yes", or what does not fit.
std::string fit_text(TensorList tensors, DitNaming naming,
                     const checkpoints::TransformerConfig& config) {
  try {
    if (naming == DitNaming::kOriginal) {
      checkpoints::dit_to_public(tensors, config, "it");
    } else {
      check_shapes(checkpoints::public_dit_shapes(config), shapes_of(tensors), "it");
    }
    return "yes: every tensor of the model is there, with its shape";
  } catch (const UserError& error) {
    return fmt::format("no: {}", error.what());
  }
}

std::string use_of(DitNaming naming, bool is_video, bool fits) {
  if (!fits) return "none as it is: tensors are missing, unexpected or of another shape";
  if (naming == DitNaming::kOriginal) {
    return is_video ? "sana-video convert (--to native for sana-video train, init.from)"
                    : "sana-video convert (--to diffusers, --to original)";
  }
  return is_video ? "sana-video convert; sana-video train (init.from)"
                  : "sana-video convert (--to diffusers, --to original)";
}

void add_transformer_facts(std::vector<Fact>& facts, const CheckpointLayout& layout,
                           const WeightSource& file, DitNaming naming) {
  const auto [config, public_config, note] =
      checkpoints::find_transformer_config(layout, shapes_of(file.tensors));
  const bool is_distilled = file.wrapper.rfind("generator", 0) == 0;
  facts.push_back({"model", checkpoints::public_model_name(config, is_distilled)});
  facts.push_back({"parameters", count_string(checkpoints::count_dit_parameters(config))});
  const bool is_original = naming == DitNaming::kOriginal;
  facts.push_back({"names", is_original ? "original" : "diffusers, as this program has them"});
  if (!note.empty()) facts.push_back({"note", note});
  TensorList tensors = file.tensors;
  const auto left_over = checkpoints::remove_dit_leftovers(tensors);
  if (!left_over.empty()) {
    facts.push_back(
        {"left over", fmt::format("{} (of training, not used)", fmt::join(left_over, ", "))});
  }
  const std::string fit = fit_text(std::move(tensors), naming, config);
  facts.push_back({"fits", fit});
  if (layout.layout == Layout::kNative) return;
  facts.push_back({"use", use_of(naming, config.is_video(), fit.starts_with("yes"))});
}

}  // namespace

std::vector<Fact> checkpoint_facts(const std::filesystem::path& path, const WeightSource& file) {
  const CheckpointLayout layout = checkpoints::recognize_checkpoint(path);
  std::vector<Fact> facts;
  add_file_facts(facts, layout, file);
  const ShapeMap shapes = shapes_of(file.tensors);
  if (const auto naming = checkpoints::dit_naming(shapes)) {
    add_transformer_facts(facts, layout, file, *naming);
  } else if (const std::string known = checkpoints::known_weights(shapes); !known.empty()) {
    facts.push_back({"model", known});
  }
  return facts;
}

}  // namespace sana::cli
