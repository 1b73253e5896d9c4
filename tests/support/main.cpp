// Entry point of every test executable: logging off, then Catch2. Exit 0: something ran and nothing
// failed; 77: all that was selected was skipped; 1: a failure, or nothing was selected.
#define CATCH_CONFIG_RUNNER
#include <chrono>
#include <iomanip>
#include <iostream>
#include <set>
#include <string>

#include "core/device.h"
#include "core/log.h"
#include "support/catch.h"
#include "support/skip.h"

namespace {

constexpr int kAllSkipped = 77;  // SKIP_RETURN_CODE of the ctest entries
constexpr double kSlowSeconds = 0.5;

struct Tally {
  bool began = false;  // false when tests are only listed
  size_t cases = 0;
  std::string current;            // name of the running test case
  std::set<std::string> skipped;  // names of test cases
};

Tally& tally() {
  static Tally instance;
  return instance;
}

#ifdef SANA_CATCH2_V3
using Listener = Catch::EventListenerBase;
#else
using Listener = Catch::TestEventListenerBase;
#endif

// Counts test cases and prints the slow ones: scripts/test_summary.py reads both from ctest's log.
class TallyListener : public Listener {
 public:
  using Listener::Listener;

  void testRunStarting(const Catch::TestRunInfo&) override { tally().began = true; }

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    tally().current = info.name;
    start_ = Clock::now();
  }

  void testCaseEnded(const Catch::TestCaseStats&) override {
    ++tally().cases;
    const std::chrono::duration<double> took = Clock::now() - start_;
    if (took.count() < kSlowSeconds) return;
    std::cout << std::fixed << std::setprecision(1) << "slow: " << took.count()
              << " s: " << tally().current << std::endl;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_;
};

CATCH_REGISTER_LISTENER(TallyListener)

int exit_code(int failures) {
  const Tally& counts = tally();
  if (!counts.began) return failures == 0 ? 0 : 1;
  std::cout << "ran " << counts.cases - counts.skipped.size() << " test cases, skipped "
            << counts.skipped.size() << std::endl;
  if (counts.cases == 0) std::cout << "no test case was selected" << std::endl;
  // Catch2 2 returns how many assertions failed, which must not be taken for a code of its own.
  if (failures != 0 || counts.cases == 0) return 1;
  return counts.skipped.size() == counts.cases ? kAllSkipped : 0;
}

}  // namespace

void sana_test::remember_skipped(const std::string& reason) {
  const std::string name(Catch::getResultCapture().getCurrentTestName());
  if (!tally().skipped.insert(name).second) return;
  std::cout << "skipped: " << name << ": " << reason << std::endl;
}

int main(int argc, char** argv) {
  sana::log::initialize({.level = sana::log::Level::kOff, .file = {}});
  sana::use_full_float32();
  return exit_code(Catch::Session().run(argc, argv));
}
