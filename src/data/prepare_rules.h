// What `prepare` does to clips: checked against the VAE, and told in plain words.
#pragma once
#include <string>
#include <vector>

#include "core/config/problems.h"
#include "data/prepare.h"
#include "data/vae_rule.h"

namespace sana::data {

// Frames and sizes that the VAE does not take, by their keys; nothing for a source that is prepared
// already, whose clips are what they are. Reads no clip.
void check_for_vae(const PrepareConfig& config, const VaeRule& rule, config::Problems& problems);

// A line for each rule: frames and seconds of a clip and what the VAE makes of them, frame rate,
// windows, sizes. `rule` is null for pixels.
std::vector<std::string> explain_rules(const PrepareConfig& config, const VaeRule* rule);

}  // namespace sana::data
