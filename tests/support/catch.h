// Catch2 under one name: version 2 (Debian 12) and version 3 (newer distributions).
#pragma once
#ifdef SANA_CATCH2_V3
#include <catch2/catch_all.hpp>
namespace sana_test {
using Catch::Approx;
}
#else
#include <catch2/catch.hpp>
namespace sana_test {
using Catch::Detail::Approx;
}
#endif
