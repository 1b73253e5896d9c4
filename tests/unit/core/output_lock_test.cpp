#include "core/output_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

TEST_CASE("an output has one writer, and the second is told who that is", "[files]") {
  const TemporaryDirectory folder;
  for (const bool whole_folder : {true, false}) {
    const auto lock = [&] {
      return whole_folder ? OutputLock::of_folder(folder.path())
                          : OutputLock::of_file(folder / "cat.mp4");
    };
    {
      const OutputLock first = lock();
      const std::string message = message_of<UserError>([&] { lock(); });
      CHECK(contains(message, "process " + std::to_string(::getpid()) + " on "));
      CHECK(contains(message, "is being written by"));
    }
    CHECK(fs::is_empty(folder.path()));  // nothing is left
    lock();
  }
  const OutputLock cat = OutputLock::of_file(folder / "cat.mp4");
  CHECK_NOTHROW(OutputLock::of_file(folder / "dog.mp4"));
}

TEST_CASE("a lock ends with its process, however that ends", "[files]") {
  const TemporaryDirectory folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const OutputLock held = OutputLock::of_folder(folder.path());
    [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK(contains(message_of<UserError>([&] { OutputLock::of_folder(folder.path()); }),
                 "process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_NOTHROW(OutputLock::of_folder(folder.path()));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("a lock that is moved is held on", "[files]") {
  const TemporaryDirectory folder;
  std::optional<OutputLock> kept;
  {
    OutputLock lock = OutputLock::of_folder(folder.path());
    kept = std::move(lock);
  }
  message_of<UserError>([&] { OutputLock::of_folder(folder.path()); });
  kept.reset();
  CHECK_NOTHROW(OutputLock::of_folder(folder.path()));
}

}  // namespace
