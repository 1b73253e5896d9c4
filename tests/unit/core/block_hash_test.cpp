#include "core/block_hash.h"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "core/hash.h"
#include "core/parallel.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

namespace {
using namespace sana;

TEST_CASE("the hash of blocks is that of their hashes, in order", "[hash]") {
  const sana_test::TemporaryDirectory folder;
  const auto file = folder.file("a", "abcdefgh");
  CHECK(hash_file_blocks(file, 3) ==
        hash_text(hash_text("abc") + hash_text("def") + hash_text("gh")));
  CHECK(hash_file_blocks(file, 4) == hash_text(hash_text("abcd") + hash_text("efgh")));
  CHECK(hash_file_blocks(file) == hash_text(hash_text("abcdefgh")));
  CHECK(hash_file_blocks(folder.file("empty", "")) == hash_text(""));
}

TEST_CASE("pieces of work are done once each, and the first failure is told", "[parallel]") {
  std::vector<std::atomic<int>> done(1000);
  run_parallel(done.size(), 8, [&](size_t i) { ++done[i]; });
  for (const auto& count : done) CHECK(count == 1);
  run_parallel(0, 8, [](size_t) { FAIL("there is nothing to do"); });
  std::atomic<int> ran = 0;
  CHECK_THROWS_AS(run_parallel(10, 4,
                               [&](size_t i) {
                                 ++ran;
                                 if (i % 3 == 0) throw std::runtime_error("failed");
                               }),
                  std::runtime_error);
  CHECK(ran == 10);
}

}  // namespace
