// What is done to clips: checked against the VAE, and told in plain words.
#pragma once
#include <string>
#include <vector>

#include "core/config/problems.h"
#include "core/geometry/vae_geometry.h"
#include "data/clips/clip_config.h"

namespace sana::data {

// Frames and sizes that a VAE of this geometry does not take, by their keys. `only`: all, videos or
// images; `vae`: what to call it.
void check_for_vae(const ClipConfig& config, const std::string& only, const VaeGeometry& geometry,
                   const std::string& vae, config::Problems& problems);
// The first of these as a UserError.
void require_fit(const ClipConfig& config, const std::string& only, const VaeGeometry& geometry,
                 const std::string& vae);

// A line for each rule: frames and seconds of a clip, frame rate, windows, sizes.
std::vector<std::string> explain_rules(const ClipConfig& config, const std::string& only);
// The same with what the VAE makes of the frames.
std::vector<std::string> explain_rules(const ClipConfig& config, const std::string& only,
                                       const VaeGeometry& geometry, const std::string& vae);

}  // namespace sana::data
