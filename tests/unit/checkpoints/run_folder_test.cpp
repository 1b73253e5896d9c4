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

TEST_CASE("a manifest tells every file that is missing, cut or changed", "[checkpoints]") {
  const TemporaryDirectory folder;
  for (const char* name : {"a.bin", "b.bin", "c.bin", "d.bin"}) folder.file(name, "contents");
  write_manifest(folder.path(), {7, "vae"});
  const Manifest manifest = check_manifest(folder.path());
  CHECK(manifest.step == 7);
  CHECK(manifest.task == "vae");
  fs::remove(folder / "a.bin");
  folder.file("b.bin", "content");
  folder.file("c.bin", "CONTENTS");
  const std::string message =
      sana_test::message_of<UserError>([&] { check_manifest(folder.path()); });
  CHECK(sana_test::contains(message, "a.bin is missing"));
  CHECK(sana_test::contains(message, "b.bin has 7 bytes, expected 8"));
  CHECK(sana_test::contains(message, "c.bin has another content"));
  CHECK_FALSE(sana_test::contains(message, "d.bin"));
}

}  // namespace
