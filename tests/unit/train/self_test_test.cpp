// The trial of the links at the start of a run; here, since what spoils them is.
#include "core/distributed/self_test.h"

#include <ATen/Parallel.h>

#include <vector>

#include "core/clock.h"
#include "core/distributed/thread_world.h"
#include "core/environment.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "unit/train/train_together.h"

namespace {
using namespace sana;
using sana_test::contains;

// As `size` threads; what rank `spoilt` says under this name comes out wrong.
std::vector<LinkSpeed> tested(int64_t size, int64_t spoilt = -1,
                              const std::string& name = "self-test") {
  ThreadWorld data(size), control(size);
  std::vector<LinkSpeed> speeds(static_cast<size_t>(size));
  data.run([&](Communicator& group) {
    at::set_num_threads(1);
    World world;
    world.ranks = {group.rank(), size, group.rank()};
    world.control = control.member(group.rank());
    world.data = data.member(group.rank());
    if (group.rank() == spoilt) {
      world.data = sana_test::wrong_factor(std::move(world.data), name, 1.5);
    }
    speeds[size_t(group.rank())] = self_test(world, c10::kCPU);
  });
  return speeds;
}

TEST_CASE("processes whose sums are right learn how quick their links are",
          "[train][distributed]") {
  const auto start = SteadyClock::now();
  const std::vector<LinkSpeed> speeds = tested(8);
  CHECK(seconds_since(start) < 10);
  for (const LinkSpeed& speed : speeds) {
    CHECK(speed.bytes == int64_t(4) << 20);
    CHECK(speed.seconds > 0);
    CHECK(speed.seconds == speeds[0].seconds);
    CHECK(speed.gigabytes_per_s() ==
          sana_test::Approx(double(int64_t(4) << 20) / speed.seconds / 1e9));
    CHECK(contains(speed.text(), "GB/s"));
  }
}

TEST_CASE("numbers that arrive wrong are refused with who sent them", "[train][distributed]") {
  const std::string message =
      sana_test::message_of<EnvironmentError>([] { tested(3, /*spoilt=*/1); });
  INFO(message);
  for (const std::string& part :
       {"rank 0 on " + host_name() + ": ", "rank 2 on " + host_name() + ": ",
        std::string("sums are wrong, the first at "), std::string(" instead of "),
        "what rank 1 on " + host_name() + " sends arrives wrong at ranks 0, 1, 2",
        std::string("dmesg")}) {
    CHECK(contains(message, part));
  }
  CHECK_FALSE(contains(message, "what rank 0"));
  CHECK_FALSE(contains(message, "what rank 2"));
  // Another collective is not its business.
  CHECK(tested(3, /*spoilt=*/1, "gradients").size() == 3);
}

}  // namespace
