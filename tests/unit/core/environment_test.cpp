#include "core/environment.h"

#include <cstdlib>

#include "core/error.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/errors.h"

namespace {

constexpr const char* kName = "SANA_TEST_VARIABLE";

struct Variable {
  explicit Variable(const char* value) { setenv(kName, value, 1); }
  ~Variable() { unsetenv(kName); }
};

}  // namespace

TEST_CASE("a variable that is not set or empty has no number", "[core]") {
  unsetenv(kName);
  CHECK_FALSE(sana::environment_number(kName, 0, 9));
  CHECK(sana::environment_text(kName).empty());
  const Variable empty("");
  CHECK_FALSE(sana::environment_number(kName, 0, 9));
}

TEST_CASE("a variable that is no number of its range is refused by name", "[core]") {
  for (const char* value : {"0", "9"}) {
    const Variable variable(value);
    CHECK(sana::environment_number(kName, 0, 9) == value[0] - '0');
  }
  for (const char* value : {"-1", "10", "1x", " 1", "0x1", "\xff", "99999999999999999999"}) {
    const Variable variable(value);
    const std::string message =
        sana_test::message_of<sana::UserError>([] { (void)sana::environment_number(kName, 0, 9); });
    INFO(message);
    CHECK(message.find(kName) != std::string::npos);
    CHECK(message.find("a number from 0 to 9") != std::string::npos);
    CHECK(sana::is_utf8(message));
  }
}

TEST_CASE("a process knows its host and its file", "[core]") {
  CHECK_FALSE(sana::host_name().empty());
  CHECK(std::filesystem::is_regular_file(sana::program_file()));
}
