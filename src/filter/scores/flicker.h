// How strongly the brightness of a shot oscillates.
#pragma once
#include <vector>

namespace sana::filter {

// From the mean luma (0..255) of consecutive frames of one shot, the oscillation from crest to
// trough in levels 0..255: exact for frames that alternate between two levels, about half of it for
// periods of three to six frames, little for slower ones. Fades, slow changes and a few flashes
// give about 0: the score is the mean of |x[t] - (x[t-k] + x[t+k]) / 2| in the calmer three
// quarters of the shot, the larger one of k = 1 and k = 2. 0 for fewer than five frames.
double flicker(const std::vector<double>& mean_luma);

}  // namespace sana::filter
