// How the values of a score are distributed.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace sana::filter {

// {"edges": [bars + 1], "counts": [bars], "below": n, "above": n} of sorted values. The bars reach
// from the 0.5th to the 99.5th percentile, so that a few wild values do not squeeze all others into
// one bar; "below" and "above" count those outside. Equal values give one bar.
nlohmann::ordered_json histogram(const std::vector<double>& sorted, int64_t bars);

// {"0.01": value, "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"} of sorted values, each one of
// them; empty when there are none.
nlohmann::ordered_json quantiles(const std::vector<double>& sorted);

}  // namespace sana::filter
