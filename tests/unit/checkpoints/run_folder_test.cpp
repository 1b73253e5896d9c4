// Which checkpoint a path means.
#include "checkpoints/run_folder.h"

#include "checkpoints/manifest.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using namespace sana::checkpoints;
using sana_test::TemporaryDirectory;

// A folder that looks like a checkpoint; only with a manifest it is whole.
fs::path make_step(const fs::path& folder, bool whole) {
  fs::create_directories(folder);
  std::ofstream(folder / "model.json") << "{}";
  if (whole) write_manifest(folder, {1, "video_dit"});
  return folder;
}

TEST_CASE("a run stands for its newest whole checkpoint, whatever lies beside it",
          "[checkpoints]") {
  const TemporaryDirectory run;
  make_step(run / "step-00000009", true);
  const fs::path newest = make_step(run / "step-00000010", true);
  make_step(run / "step-00000011", false);
  make_step(run / "step-00000012.partial", true);
  make_step(run / "step-00000013.deleted", true);
  make_step(run / "step-00000014.old", true);
  make_step(run / "step-later", true);
  CHECK(resolve_checkpoint(run.path()) == newest);
  CHECK(resolve_checkpoint(newest) == newest);
  CHECK(list_checkpoints(run.path()).size() == 2);
  // By number and not by name.
  const fs::path large = make_step(run / "step-100000000", true);
  CHECK(resolve_checkpoint(run.path()) == large);
}

TEST_CASE("any other path stands for itself, and one that is not there is named", "[checkpoints]") {
  const TemporaryDirectory folder;
  CHECK(resolve_checkpoint(folder.path()) == folder.path());
  const fs::path file = folder.file("model.pth", "x");
  CHECK(resolve_checkpoint(file) == file);
  CHECK(sana_test::contains(
      sana_test::message_of<UserError>([&] { resolve_checkpoint(folder / "none"); }), "none"));
}

TEST_CASE("what a kill leaves of a checkpoint is never taken, also when it is named",
          "[checkpoints]") {
  const TemporaryDirectory run;
  for (const char* name : {"step-00000012.partial", "step-00000013.deleted", "step-00000014.old"}) {
    const fs::path left = make_step(run / name, true);
    INFO(left);
    CHECK(sana_test::contains(
        sana_test::message_of<UserError>([&] { resolve_checkpoint(left / ""); }),
        "is what is left of a checkpoint"));
    CHECK(sana_test::contains(
        sana_test::message_of<UserError>([&] { resolve_checkpoint(run.path()); }),
        "holds no complete checkpoint yet"));
  }
  // A whole one by another name, or behind a link, is what it is.
  const fs::path renamed = make_step(run / "best", true);
  CHECK(resolve_checkpoint(renamed) == renamed);
  fs::create_directory_symlink("best", run / "latest");
  CHECK(resolve_checkpoint(run / "latest") == run / "latest");
}

}  // namespace
