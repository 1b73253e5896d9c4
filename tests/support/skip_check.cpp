// Test cases of known outcome: check_skip.py runs them and looks at what the program says and
// returns.
#include "support/catch.h"
#include "support/skip.h"

TEST_CASE("one that runs", "[runs]") { CHECK(1 + 1 == 2); }

TEST_CASE("one that is skipped", "[skipped]") { SANA_SKIP("the moon is absent"); }

TEST_CASE("another that is skipped, in each of its parts", "[skipped]") {
  const int part = GENERATE(1, 2);
  if (part > 0) SANA_SKIP("the moon is absent");
  CHECK(false);
}

TEST_CASE("one that fails and is skipped then", "[fails_first]") {
  CHECK(false);
  SANA_SKIP("the moon is absent");
}

TEST_CASE("one that fails once", "[fails]") { CHECK(1 + 1 == 3); }

TEST_CASE("one that fails as often as the code of skipping", "[fails_77]") {
  for (int i = 0; i < 77; ++i) CHECK(i < 0);
}
