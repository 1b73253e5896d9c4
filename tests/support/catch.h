// Catch2 under one name: version 2 (Debian 12) and version 3 (newer distributions).
#pragma once
#ifdef SANA_CATCH2_V3
#include <catch2/catch_all.hpp>
namespace sana_test {
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
}  // namespace sana_test
#else
#include <catch2/catch.hpp>
#include <string>
namespace sana_test {
using Catch::Detail::Approx;
// Called as in Catch2 3.
// NOLINTNEXTLINE(readability-identifier-naming)
inline auto ContainsSubstring(const std::string& text) { return Catch::Matchers::Contains(text); }
}  // namespace sana_test
#endif
