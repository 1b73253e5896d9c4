// What is done to clips: checked against the VAE, and told in plain words.
#pragma once
#include <string>
#include <vector>

#include "core/config/problems.h"
#include "data/clips/clip_config.h"
#include "data/clips/vae_rule.h"

namespace sana::data {

// Frames and sizes that the VAE does not take, by their keys. `only`: all, videos or images.
void check_for_vae(const ClipConfig& config, const std::string& only, const VaeRule& rule,
                   config::Problems& problems);
// The first of these as a UserError.
void require_fit(const ClipConfig& config, const std::string& only, const VaeRule& rule);

// A line for each rule: frames and seconds of a clip and what the VAE makes of them, frame rate,
// windows, sizes. `rule` is null for pixels.
std::vector<std::string> explain_rules(const ClipConfig& config, const std::string& only,
                                       const VaeRule* rule);

}  // namespace sana::data
