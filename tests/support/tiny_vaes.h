// Small random VAEs whose every layer takes part.
#pragma once
#include <memory>

#include "model/vae/ltx2_vae.h"
#include "model/vae/wan_vae.h"

namespace sana_test {

// 4x8x8 (frames, rows, columns) to 3 channels.
sana::model::WanVaeConfig tiny_wan_config();
sana::model::WanVae random_wan_vae();

// 4x8x8 to 4 channels; decoder not causal, reflected borders.
sana::model::Ltx2VaeConfig tiny_ltx2_config();
sana::model::Ltx2Vae random_ltx2_vae(const sana::model::Ltx2VaeConfig& config);

}  // namespace sana_test
